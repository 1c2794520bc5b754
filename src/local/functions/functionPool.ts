import { abortable } from "../../base/async";
import { messageOf } from "../../base/errors";
import { timeLimit } from "../base/timeLimit";
import type { CallResult, FunctionCall } from "./functionCall";
import type { FunctionLogs } from "./functionLogs";
import type { Runner } from "./runner";

export interface AutoscalerSettings {
  readonly maxContainers: number;
  readonly scaledownSecs: number;
}

const DEFAULT_AUTOSCALER: AutoscalerSettings = { maxContainers: 8, scaledownSecs: 60 };

/**
 * The runners of one function: one for each pending call, up to a limit. They stay warm for a while after the last
 * call.
 */
export class FunctionPool {
  autoscaler = DEFAULT_AUTOSCALER;
  readonly #start: () => Promise<Runner>;
  readonly #timeoutSecs: number;
  readonly #logs: FunctionLogs;
  readonly #waiting: FunctionCall[] = [];
  readonly #idle = new Map<Runner, ReturnType<typeof setTimeout>>();
  #busy = 0;

  constructor(start: () => Promise<Runner>, timeoutSecs: number, logs: FunctionLogs) {
    this.#start = start;
    this.#timeoutSecs = timeoutSecs;
    this.#logs = logs;
  }

  /** Calls that wait for a runner. */
  get backlog(): number {
    return this.#waiting.length;
  }

  get runnerCount(): number {
    return this.#busy + this.#idle.size;
  }

  submit(call: FunctionCall): void {
    this.#waiting.push(call);
    this.#serve();
  }

  async dispose(): Promise<void> {
    for (const call of this.#waiting.splice(0)) call.cancel();
    await Promise.all([...this.#idle.keys()].map((runner) => this.#retire(runner)));
  }

  #serve(): void {
    while (this.#waiting.length > 0 && this.#busy < this.autoscaler.maxContainers) {
      const call = this.#waiting.shift();
      if (!call || call.result) continue;
      this.#busy += 1;
      void this.#run(call).finally(() => {
        this.#busy -= 1;
        this.#serve();
      });
    }
  }

  async #run(call: FunctionCall): Promise<void> {
    let runner: Runner | undefined;
    try {
      runner = this.#takeIdle() ?? (await this.#start());
      call.finish(await this.#runWithin(runner, call));
    } catch (error) {
      call.finish({ kind: "failure", exception: `The function could not be run: ${messageOf(error)}`, traceback: "" });
    }
    if (!runner) return;
    if (runner.hasEnded || call.result?.kind === "timeout" || call.cancelled.aborted) await this.#retire(runner);
    else this.#keep(runner);
  }

  async #runWithin(runner: Runner, call: FunctionCall): Promise<CallResult> {
    const output = this.#logs.open(call);
    const limit = timeLimit(this.#timeoutSecs, call.cancelled);
    try {
      return await abortable(
        runner.call(call.request, (data) => output.write(data)),
        limit.signal,
      );
    } catch (error) {
      if (!limit.signal.aborted) throw error;
      return call.cancelled.aborted ? { kind: "cancelled" } : { kind: "timeout", timeoutSecs: this.#timeoutSecs };
    } finally {
      limit.dispose();
    }
  }

  #takeIdle(): Runner | undefined {
    for (const [runner, timer] of this.#idle) {
      clearTimeout(timer);
      this.#idle.delete(runner);
      if (!runner.hasEnded) return runner;
      void runner.dispose();
    }
    return undefined;
  }

  #keep(runner: Runner): void {
    const timer = setTimeout(() => void this.#retire(runner), this.autoscaler.scaledownSecs * 1000);
    this.#idle.set(runner, timer);
  }

  #retire(runner: Runner): Promise<void> {
    clearTimeout(this.#idle.get(runner));
    this.#idle.delete(runner);
    return runner.dispose();
  }
}
