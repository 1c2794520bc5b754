import { createHash } from "node:crypto";
import type { Isolation } from "../base/isolation";
import { newId } from "../base/ids";
import { notFound } from "../protocol/errors";
import { tagOf, type Deployed } from "./deployed";
import type { FunctionCall } from "./functionCall";
import { FunctionLogs } from "./functionLogs";
import { FunctionPool } from "./functionPool";
import { Runner, type ParameterValue } from "./runner";

export interface FunctionOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutSecs: number;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
}

export const DEFAULT_OPTIONS: FunctionOptions = { env: {}, timeoutSecs: 300, parameters: {} };

/** A deployed function with its call options. */
export interface BoundFunction {
  readonly id: string;
  readonly appId: string;
  readonly deployed: Deployed;
  readonly pool: FunctionPool;
}

// Finished calls that can still be queried. The oldest are dropped.
const CALLS_KEPT = 1000;

/** The functions that clients have looked up, and their calls. */
export class FunctionStore {
  readonly logs = new FunctionLogs();
  readonly #isolation: Isolation;
  readonly #functions = new Map<string, BoundFunction>();
  readonly #ids = new Map<string, string>();
  readonly #calls = new Map<string, FunctionCall>();

  constructor(isolation: Isolation) {
    this.#isolation = isolation;
  }

  /** Returns the same object for the same function with the same options. */
  bind(appId: string, deployed: Deployed, options: FunctionOptions): BoundFunction {
    const key = createHash("sha256")
      .update(JSON.stringify([appId, deployed.module, tagOf(deployed), deployed.version, options]))
      .digest("hex");
    const known = this.#functions.get(this.#ids.get(key) ?? "");
    if (known) return known;

    const id = newId("fu");
    const setup = {
      files: deployed.files,
      module: deployed.module,
      object: deployed.kind === "function" ? deployed.function.name : deployed.class.name,
      parameters: options.parameters,
    };
    const start = () => Runner.start(this.#isolation, id, setup, { ...options.env, MODAL_FUNCTION_ID: id });
    const bound: BoundFunction = { id, appId, deployed, pool: new FunctionPool(start, options.timeoutSecs, this.logs) };
    this.#functions.set(id, bound);
    this.#ids.set(key, id);
    return bound;
  }

  find(id: string): BoundFunction | undefined {
    return this.#functions.get(id);
  }

  get(id: string): BoundFunction {
    const found = this.find(id);
    if (!found) throw notFound(`Function ${id} was not found.`);
    return found;
  }

  run(call: FunctionCall): void {
    this.#forgetOldest();
    this.#calls.set(call.id, call);
    this.get(call.functionId).pool.submit(call);
  }

  call(id: string): FunctionCall {
    const call = this.#calls.get(id);
    if (!call) throw notFound(`Function call ${id} was not found.`);
    return call;
  }

  callsOf(functionId: string): readonly FunctionCall[] {
    return [...this.#calls.values()].filter((call) => call.functionId === functionId);
  }

  async dispose(): Promise<void> {
    for (const call of this.#calls.values()) call.cancel();
    await Promise.all([...this.#functions.values()].map(({ pool }) => pool.dispose()));
  }

  #forgetOldest(): void {
    const finished = [...this.#calls.values()].filter((call) => call.result);
    for (const { id } of finished.slice(0, Math.max(0, finished.length - CALLS_KEPT))) this.#calls.delete(id);
  }
}
