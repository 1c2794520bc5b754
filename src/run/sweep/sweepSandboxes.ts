import { DisposableStore, type Disposable } from "../../base/disposable";
import { messageOf } from "../../base/errors";
import { Emitter } from "../../base/event";
import type { Clock, Logger } from "../../base/ports";
import type { RateSource } from "../../modal/rates";
import { hourlyRate } from "../../sandboxes/costs/cost";
import type { CostMeter } from "../../sandboxes/costs/costMeter";
import { isRunning, type RunningSandbox } from "../../sandboxes/sandbox";
import type { SandboxService } from "../../sandboxes/sandboxService";
import type { SandboxStore } from "../../sandboxes/sandboxStore";
import type { ArgumentSet } from "../target/argumentSets";
import type { OfferOther } from "../createOrSwap";
import type { GroupFolder } from "../groupFolder";
import type { Run } from "../run";
import type { NamedSpec, RunRequest } from "../runRequest";
import type { RunService } from "../runService";
import { dollarsOfUse, ended, useOf, type SandboxUse } from "../sandboxUse";
import { SharedOffers } from "./sharedOffers";
import type { SweepLanes } from "./sweep";

export interface SweepSandboxesOptions {
  /** Identifies the sweep, in this window and in those that resume it. */
  readonly id: string;
  readonly runs: Pick<RunService, "start">;
  readonly sandboxes: Pick<SandboxService, "terminate">;
  readonly store: SandboxStore;
  readonly rates: RateSource;
  /** Asked once for each unavailable GPU. */
  readonly offerOther: OfferOther;
  readonly clock: Clock;
  readonly log: Logger;
  /** The program to run. Its own arguments precede those of a set. */
  readonly request: Omit<RunRequest, "specs" | "isBackground" | "offerOther" | "part">;
  readonly spec: NamedSpec;
  /** The names of the sets, and the folder for their outputs. */
  readonly labels?: readonly string[];
  readonly outputs?: GroupFolder | undefined;
  /** Knows the costs of sandboxes. */
  readonly meter: Pick<CostMeter, "spentBy">;
  /** The sandboxes that the sweep used in earlier windows. */
  readonly earlier?: readonly SandboxUse[];
}

const TERMINATE_MS = 60_000;

/** A variable with the lane's number. Runs of the same spec share a sandbox, so it makes each lane's spec different. */
const LANE = "MODAL_SANDBOXES_LANE";

/** The sandboxes of a sweep. Each lane has one, which is created for it and terminated at its end. */
export class SweepSandboxes implements SweepLanes<Run>, Disposable {
  readonly #options: SweepSandboxesOptions;
  readonly #offers: SharedOffers;
  readonly #own = new DisposableStore();
  /** Keys of the sandboxes that may have outputs that exist nowhere else. */
  readonly #holding = new Set<string>();
  /** The current or latest user of each lane's sandbox. */
  readonly #users = new Map<number, Pick<Run, "sandboxKey">>();
  /** The sandboxes by id, with the time that each cost money. */
  readonly #uses = new Map<string, SandboxUse>();
  readonly #ids = new Map<string, string>();
  readonly #changed = this.#own.add(new Emitter<undefined>());
  /** Fires when a sandbox is added or has ended. */
  readonly onDidChangeUses = this.#changed.event;

  constructor(options: SweepSandboxesOptions) {
    this.#options = options;
    this.#offers = new SharedOffers(options.offerOther);
    for (const use of options.earlier ?? []) this.#uses.set(use.id, use);
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
    const { rates, clock, meter } = this.#options;
    return this.uses
      .map((use) => meter.spentBy(use.id) ?? dollarsOfUse(use, clock.now(), rates.current))
      .reduce((sum, dollars) => sum + dollars, 0);
  }

  /** Returns the sweep's sandboxes, including those of earlier windows. */
  get uses(): readonly SandboxUse[] {
    return [...this.#uses.values()];
  }

  /** Reuses a lane's sandbox of an earlier window, and a run that used it, if there is one. */
  adopt(sandbox: RunningSandbox, lane: number, run?: Run): void {
    this.#users.set(lane, { sandboxKey: sandbox.key });
    this.#begin(sandbox.key, lane);
    if (!run) return;
    this.#noteOutputs(run, sandbox.key);
    this.#own.add(run.onDidChangeState(() => this.#noteOutputs(run, sandbox.key)));
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
    if (!run) throw new Error("The run service returned no run.");
    this.#users.set(lane, run);
    this.#own.add(
      run.onDidChangeState(() => {
        this.#begin(run.sandboxKey, lane);
        this.#noteOutputs(run, run.sandboxKey);
      }),
    );
    return run;
  }

  async end(lane: number): Promise<void> {
    const key = this.#users.get(lane)?.sandboxKey;
    if (key === undefined) return;
    if (this.#holding.has(key)) {
      this.#options.log.warn(
        `Sandbox ${key} of a sweep keeps running until its idle limit, because some outputs are only there`,
      );
      return;
    }
    try {
      await this.#options.sandboxes.terminate(key, AbortSignal.timeout(TERMINATE_MS));
    } catch (error) {
      this.#options.log.warn(
        `Sandbox ${key} of a sweep keeps running until its idle limit, because it could not be terminated: ${messageOf(error)}`,
      );
    }
  }

  dispose(): void {
    this.#own.dispose();
  }

  #noteOutputs(run: Run, key: string | undefined): void {
    if (key === undefined || !run.holdsOutputs) return;
    if (!this.#holding.has(key)) run.tell(KEPT);
    this.#holding.add(key);
  }

  #begin(key: string | undefined, lane: number): void {
    const sandbox = key === undefined || this.#ids.has(key) ? undefined : this.#options.store.get(key);
    if (!sandbox || !isRunning(sandbox)) return;
    this.#ids.set(sandbox.key, sandbox.phase.id);
    this.#uses.set(sandbox.phase.id, { ...useOf(sandbox), lane });
    this.#changed.fire(undefined);
  }

  #end(key: string): void {
    const use = this.#uses.get(this.#ids.get(key) ?? "");
    if (!use || use.endedAt !== undefined) return;
    this.#uses.set(use.id, ended(use, this.#options.clock.now()));
    this.#changed.fire(undefined);
  }
}

const KEPT = "The sandbox keeps running until its idle limit, because some outputs of this run may be only there";
