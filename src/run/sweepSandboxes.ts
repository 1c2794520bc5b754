import { DisposableStore, type Disposable } from "../base/disposable";
import { messageOf } from "../base/errors";
import type { Clock, Logger } from "../base/ports";
import type { RateSource } from "../modal/rates";
import { costOf, hourlyRate } from "../sandboxes/cost";
import { isRunning, type RunningSandbox } from "../sandboxes/sandbox";
import type { SandboxService } from "../sandboxes/sandboxService";
import type { SandboxStore } from "../sandboxes/sandboxStore";
import type { ArgumentSet } from "./argumentSets";
import type { OfferOther } from "./createOrSwap";
import type { GroupFolder } from "./groupFolder";
import type { Run } from "./run";
import type { NamedSpec, RunRequest } from "./runRequest";
import type { RunService } from "./runService";
import { SharedOffers } from "./sharedOffers";
import type { SweepLanes } from "./sweep";

export interface SweepSandboxesOptions {
  /** Names the sweep, in this window and in those that go on with it. */
  readonly id: string;
  readonly runs: Pick<RunService, "start">;
  readonly sandboxes: Pick<SandboxService, "terminate">;
  readonly store: SandboxStore;
  readonly rates: RateSource;
  /** Asked once for each GPU that is not to be had. */
  readonly offerOther: OfferOther;
  readonly clock: Clock;
  readonly log: Logger;
  /** What is run; its own arguments come before those of a set. */
  readonly request: Omit<RunRequest, "specs" | "isBackground" | "offerOther" | "part">;
  readonly spec: NamedSpec;
  /** The names of the sets, and where their outputs go. */
  readonly labels?: readonly string[];
  readonly outputs?: GroupFolder | undefined;
  /** What sandboxes that are gone have cost, in US dollars. */
  readonly spentBefore?: number;
}

interface Use {
  readonly sandbox: RunningSandbox;
  endedAt?: number;
}

const TERMINATE_MS = 60_000;

/** Runs of the same spec share a sandbox, so each lane's tells by its number that it is one of its own. */
const LANE = "MODAL_SANDBOXES_LANE";

/** The sandboxes of a sweep: one for each lane, made for it and ended with it. */
export class SweepSandboxes implements SweepLanes<Run>, Disposable {
  readonly #options: SweepSandboxesOptions;
  readonly #offers: SharedOffers;
  readonly #own = new DisposableStore();
  /** What runs on each lane's sandbox, or ran there last. */
  /** Lanes whose sandboxes hold outputs that could not be pulled. */
  readonly #holding = new Set<number>();
  readonly #users = new Map<number, Pick<Run, "sandboxKey">>();
  /** By key, each as long as it costs. */
  readonly #uses = new Map<string, Use>();

  constructor(options: SweepSandboxesOptions) {
    this.#options = options;
    this.#offers = new SharedOffers(options.offerOther);
    this.#own.add(
      options.store.onDidChangeSandboxes(({ changed, removed }) => {
        for (const { key, phase } of changed) if (phase.kind === "ended") this.#end(key);
        for (const { key } of removed) this.#end(key);
      }),
    );
  }

  get dollarsPerHour(): number {
    return hourlyRate(this.#offers.agreed(this.#options.spec), this.#options.rates.current);
  }

  get spent(): number {
    const { rates, clock, spentBefore = 0 } = this.#options;
    return [...this.#uses.values()]
      .map(({ sandbox, endedAt = clock.now() }) => costOf(sandbox, endedAt - sandbox.phase.startedAt, rates.current))
      .reduce((sum, dollars) => sum + dollars, spentBefore);
  }

  /** Goes on with the sandbox that a lane had in an earlier window. */
  adopt(sandbox: RunningSandbox, lane: number, holdsOutputs: boolean): void {
    this.#users.set(lane, { sandboxKey: sandbox.key });
    if (holdsOutputs) this.#holding.add(lane);
    this.#begin(sandbox.key);
  }

  start(args: ArgumentSet, lane: number, index: number): Run {
    const { id, runs, request, spec, labels = [], outputs } = this.#options;
    const { target } = request;
    const agreed = this.#offers.agreed(spec);
    const [run] = runs.start({
      ...request,
      target: { ...target, args: [...(target.args ?? []), ...args] },
      specs: [{ ...agreed, env: { ...spec.env, [LANE]: `${id}-${lane}` } }],
      isBackground: true,
      offerOther: this.#offers.offer,
      part: { sweepId: id, index, label: labels[index] ?? `set-${index}`, outputs },
    });
    if (!run) throw new Error("A run was asked for and none came.");
    this.#users.set(lane, run);
    this.#own.add(
      run.onDidChangeState(() => {
        this.#begin(run.sandboxKey);
        if (run.leftCount > 0) this.#holding.add(lane);
      }),
    );
    return run;
  }

  async end(lane: number): Promise<void> {
    const key = this.#users.get(lane)?.sandboxKey;
    if (key === undefined) return;
    if (this.#holding.has(lane)) {
      this.#options.log.warn(`Sandbox ${key} of a sweep is left to its idle limit: it holds outputs that are not here`);
      return;
    }
    try {
      await this.#options.sandboxes.terminate(key, AbortSignal.timeout(TERMINATE_MS));
    } catch (error) {
      this.#options.log.warn(`Sandbox ${key} of a sweep is left to its idle limit: ${messageOf(error)}`);
    }
  }

  dispose(): void {
    this.#own.dispose();
  }

  #begin(key: string | undefined): void {
    const sandbox = key === undefined || this.#uses.has(key) ? undefined : this.#options.store.get(key);
    if (sandbox && isRunning(sandbox)) this.#uses.set(sandbox.key, { sandbox });
  }

  #end(key: string): void {
    const use = this.#uses.get(key);
    if (use) use.endedAt ??= this.#options.clock.now();
  }
}
