import { randomBytes } from "node:crypto";
import { posix } from "node:path";
import { onAbort } from "../../base/async";
import { messageOf } from "../../base/errors";
import type { CostMeter } from "../../sandboxes/costs/costMeter";
import type { SandboxOwnership } from "../../sandboxes/ownership/sandboxOwnership";
import { isRunning, type RunningSandbox } from "../../sandboxes/sandbox";
import type { SandboxService } from "../../sandboxes/sandboxService";
import type { ArgumentSet } from "../target/argumentSets";
import { holdSecrets } from "../output/hiddenWords";
import { setLabels } from "../outputNames";
import type { Run, RunState } from "../run";
import type { RunRecord, RunRecords } from "../runRecords";
import type { NamedSpec } from "../runRequest";
import type { RunService } from "../runService";
import { ended, usesOf, type SandboxUse } from "../sandboxUse";
import { Sweep, type SweepEntry } from "./sweep";
import type { SavedSet, SweepPlan, SweepRecord, SweepRecords } from "./sweepRecords";
import { SweepSandboxes, type SweepSandboxesOptions } from "./sweepSandboxes";

export interface SweepServiceOptions extends Pick<
  SweepSandboxesOptions,
  "store" | "rates" | "offerOther" | "clock" | "log"
> {
  readonly sandboxes: Pick<SandboxService, "adopt" | "terminate">;
  readonly ownership: Pick<SandboxOwnership, "windowId" | "isElsewhere" | "whenGone">;
  readonly runs: Pick<RunService, "start" | "resume" | "past" | "groupFolder">;
  readonly records: Pick<RunRecords, "find">;
  readonly meter: Pick<CostMeter, "spentBy" | "recall">;
  readonly sweeps: SweepRecords;
  /** Lists the sandboxes, and adopts those that an earlier window left. */
  readonly refresh: (signal: AbortSignal) => Promise<void>;
  /** Aborts before the window closes. */
  readonly closing: AbortSignal;
}

export interface InterruptedSweep {
  readonly record: SweepRecord;
  /** The number of argument sets that have not run. */
  readonly waiting: number;
}

/** Starts sweeps, and resumes those that an earlier window left unfinished. */
export class SweepService {
  readonly #options: SweepServiceOptions;
  /** Ids of this window's sweeps. */
  readonly #own = new Set<string>();

  constructor(options: SweepServiceOptions) {
    this.#options = options;
  }

  start(plan: SweepPlan, spec: NamedSpec, sets: readonly ArgumentSet[]): Sweep<Run> {
    const entries = sets.map((args) => ({ args }));
    const record = { ...plan, id: randomBytes(4).toString("hex"), sets: entries };
    return this.#run(record, this.#lanes(record, spec), entries);
  }

  /** Returns the sweeps of closed windows. Some only have sandboxes to terminate. */
  async interrupted(): Promise<InterruptedSweep[]> {
    const left = await Promise.all(
      this.#others.map(async (record) => {
        const { windowId } = record;
        if (windowId !== undefined && (await this.#options.ownership.isElsewhere(windowId))) return [];
        const entries = await Promise.all(record.sets.map((set) => this.#entryOf(set)));
        const waiting = entries.filter(({ began, skipped }) => !began && skipped === undefined).length;
        return [{ record, waiting }];
      }),
    );
    return left.flat();
  }

  /** Hands over each sweep of another window when that window is gone. Until then it holds the sandboxes. */
  async takeOver(take: (sweep: InterruptedSweep) => Promise<void>, signal: AbortSignal): Promise<void> {
    await Promise.all(
      this.#others.map(async ({ id, windowId }) => {
        if (windowId !== undefined) await this.#options.ownership.whenGone(windowId, signal);
        const left = (await this.interrupted()).find(({ record }) => record.id === id);
        if (left) await take(left);
      }),
    );
  }

  /** Waits for the runs in progress and runs the remaining sets, on the sandboxes that still exist. */
  async resume(record: SweepRecord, spec: NamedSpec, signal: AbortSignal): Promise<Sweep<Run>> {
    return this.#resume(await this.#options.sweeps.unmasked(record), spec, signal);
  }

  async #resume(record: SweepRecord, spec: NamedSpec, signal: AbortSignal): Promise<Sweep<Run>> {
    const { runs, refresh, meter, store, clock } = this.#options;
    const entries = await Promise.all(record.sets.map((set) => this.#entryOf(set)));
    const uses = earlierUses(record, entries, spec);
    await meter.recall(Math.min(clock.now(), ...uses.map(({ startedAt }) => startedAt)));
    await refresh(signal);
    const held = await this.#adopt(uses);
    const sandboxOf = ({ began }: BegunEntry): RunningSandbox | undefined =>
      held.find(({ phase }) => phase.id === began?.sandboxId);
    for (const sandbox of held) await runs.resume(sandbox);

    const earlier = uses.map((use) => (store.findById(use.id) ? use : ended(use, clock.now())));
    const [path] = entries.flatMap(({ began }) => (began?.outputs === undefined ? [] : [posix.dirname(began.outputs)]));
    const lanes = this.#lanes(record, spec, { earlier, path });
    // A sandbox on which nothing was started also ends with its lane.
    for (const sandbox of held) {
      const lane = uses.find(({ id }) => id === sandbox.phase.id)?.lane;
      if (lane !== undefined) lanes.adopt(sandbox, lane);
    }
    for (const entry of entries) {
      const sandbox = sandboxOf(entry);
      if (sandbox && entry.lane !== undefined) lanes.adopt(sandbox, entry.lane, entry.began && runs.past(entry.began));
    }
    return this.#run(
      record,
      lanes,
      entries.map(({ began, ...entry }) => ({ ...entry, ...(began && { run: runs.past(began) }) })),
    );
  }

  /** Starts no further run. The runs in progress may finish, then the sandboxes are terminated. */
  async discard(record: SweepRecord, spec: NamedSpec, signal: AbortSignal): Promise<Sweep<Run>> {
    const sets = record.sets.map((set) => ({ skipped: "discarded", ...set }));
    return this.#resume({ ...record, sets }, spec, signal);
  }

  /** Adopts the sandboxes that still exist and that no other window holds. */
  async #adopt(uses: readonly SandboxUse[]): Promise<RunningSandbox[]> {
    const { store, sandboxes } = this.#options;
    const ids = new Set(uses.map(({ id }) => id));
    const running = store.all.filter(isRunning).filter(({ phase }) => ids.has(phase.id));
    const adopted = await Promise.all(running.map(({ key }) => sandboxes.adopt(key)));
    return adopted.filter((sandbox) => sandbox !== undefined);
  }

  get #others(): readonly SweepRecord[] {
    return this.#options.sweeps.all.filter(({ id }) => !this.#own.has(id));
  }

  /** @param begun the sandboxes of earlier windows, and the folder that they created for the outputs */
  #lanes(
    { id, target, folder, remotePath, sets }: SweepRecord,
    spec: NamedSpec,
    begun: { readonly earlier?: readonly SandboxUse[]; readonly path?: string | undefined } = {},
  ): SweepSandboxes {
    const { earlier = [], path } = begun;
    const words = sets.map(({ args }) => args);
    return new SweepSandboxes({
      ...this.#options,
      id,
      request: { target, folder, remotePath },
      spec,
      earlier,
      labels: setLabels(words, (set) => holdSecrets([set])),
      outputs: sets.length > 1 ? this.#options.runs.groupFolder(target.label, folder, path) : undefined,
    });
  }

  #run(record: Omit<SweepRecord, "sets">, lanes: SweepSandboxes, entries: readonly SweepEntry<Run>[]): Sweep<Run> {
    const { sweeps, ownership, clock, closing } = this.#options;
    const { windowId } = ownership;
    this.#own.add(record.id);
    const sweep = new Sweep(entries, record.limits, lanes, clock);
    const save = () => {
      if (sweep.isFinished) sweeps.remove(record.id);
      else sweeps.put({ ...record, windowId, sets: sweep.entries.map(savedSet), uses: lanes.uses });
    };
    sweep.onDidChangeSweep(save);
    lanes.onDidChangeUses(save);
    save();
    const stopListening = onAbort(closing, () => sweep.dispose());
    const end = () => {
      stopListening();
      lanes.dispose();
    };
    sweep.finished.then(end, end);
    return sweep;
  }

  /** If a window closed just before it could start a set, the set has no record of a run, and counts as not started. */
  async #entryOf({ args, lane, runId, skipped }: SavedSet): Promise<BegunEntry> {
    const began = runId === undefined ? undefined : await this.#options.records.find(runId);
    if (began) return { args, ...(lane !== undefined && { lane }), began };
    return { args, ...(skipped !== undefined && { skipped }) };
  }
}

/** Returns all sandboxes of the sweep. Earlier versions recorded only the runs, so those are used too. */
function earlierUses({ uses = [] }: SweepRecord, entries: readonly BegunEntry[], spec: NamedSpec): SandboxUse[] {
  const known = new Set(uses.map(({ id }) => id));
  const others = entries.flatMap(({ began }) => (began && !known.has(began.sandboxId) ? [began] : []));
  return [...uses, ...usesOf(others, spec)];
}

interface BegunEntry extends Omit<SweepEntry<Run>, "run"> {
  readonly began?: RunRecord;
}

function savedSet({ args, lane, run, skipped = run && reasonOf(run.state) }: SweepEntry<Run>): SavedSet {
  const began = { ...(lane !== undefined && { lane }), ...(run && { runId: run.id }) };
  return { args, ...began, ...(skipped !== undefined && { skipped }) };
}

/** Returns why a run without a record on disk must not be started again. */
function reasonOf(state: RunState): string | undefined {
  switch (state.kind) {
    case "ended":
      return "it ran earlier";
    case "failed":
      return messageOf(state.error);
    case "canceled":
      return "canceled";
    default:
      return undefined;
  }
}
