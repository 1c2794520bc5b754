import { randomBytes } from "node:crypto";
import type { Disposable } from "../base/disposable";
import { isAbort, messageOf } from "../base/errors";
import { Emitter } from "../base/event";
import { isSandboxGone } from "../modal/errors";
import { gpuWord, type GpuRequest } from "../modal/gpus";
import type { RateSource } from "../modal/rates";
import { costOf, hourlyRate } from "../sandboxes/costs/cost";
import { livedWithin, timeLeftMs, type RunningSandbox } from "../sandboxes/sandbox";
import type { Pusher } from "../sync/push/push";
import type { PushResult } from "../sync/push/pushRequest";
import { GroupFolder } from "./groupFolder";
import { safeName } from "./outputNames";
import { outputLost, runProgram } from "./program/programRun";
import { pullOutputs } from "./pullOutputs";
import { keepSummary } from "./runSummary";
import { Run, type OutputPlace, type RunProperties } from "./run";
import { RunLog } from "./output/runLog";
import type { StoppedBy } from "./runOutcome";
import type { RunPlace, RunRecord, RunRecords } from "./runRecords";
import { FolderSyncs, type FolderPush, type FolderSyncsOptions } from "./folderSyncs";
import { RunPreparation, type RunPreparationOptions } from "./runPreparation";
import type { GivenSandbox, OneRun, RunRequest } from "./runRequest";
import { Turns } from "./turns";

export interface RunServiceOptions extends FolderSyncsOptions, Omit<RunPreparationOptions, "syncs" | "turns" | "runs"> {
  readonly pusher: Pusher;
  readonly records: RunRecords;
  /** True if runs share a sandbox. Otherwise each waits for earlier ones. */
  readonly runsConcurrently: () => boolean;
  /** The parent of the folders for outputs of runs that belong together, relative to the synced folder. */
  readonly runsFolder: () => string;
  readonly rates: RateSource;
}

interface Start {
  readonly request: OneRun;
  readonly group: string;
  readonly gpu: GpuRequest | undefined;
  readonly place?: RunPlace;
  /** The folder for the outputs of the run's group. */
  readonly outputs?: GroupFolder | undefined;
  /** Equal for runs that are likely to get the same sandbox. */
  readonly wanted: string;
  readonly sandboxFor: (run: Run) => Promise<RunningSandbox>;
}

/**
 * Runs a target on sandboxes, with a separate run for each spec: creates or reuses a sandbox, pushes, executes, and
 * pulls.
 */
export class RunService implements Disposable {
  readonly #options: RunServiceOptions;
  readonly #runs: Run[] = [];
  readonly #changed = new Emitter<Run>();
  /** Fires when a run is added, and when a run's state changes. */
  readonly onDidChangeRun = this.#changed.event;
  readonly #resumed = new Emitter<Run>();
  /** Fires for a run that an earlier window started and this one resumes. */
  readonly onDidResumeRun = this.#resumed.event;
  readonly #syncs: FolderSyncs;
  readonly #turns: Turns;
  readonly #preparation: RunPreparation;

  constructor(options: RunServiceOptions) {
    this.#options = options;
    this.#syncs = new FolderSyncs(options);
    this.#turns = new Turns(options.runsConcurrently);
    const [syncs, turns] = [this.#syncs, this.#turns];
    this.#preparation = new RunPreparation({ ...options, syncs, turns, runs: this.#runs });
  }

  /** Newest last. */
  get runs(): readonly Run[] {
    return this.#runs;
  }

  /** Starts one run for each spec and returns immediately. The runs themselves report progress and errors. */
  start({ specs, ...request }: RunRequest): Run[] {
    const { part, target, folder } = request;
    const group = part?.sweepId ?? randomId();
    const outputs = specs.length > 1 ? this.groupFolder(target.label, folder) : part?.outputs;
    return specs.map(({ specName, ...spec }) =>
      this.#start({
        request,
        group,
        gpu: spec.gpu,
        outputs,
        ...(specName !== undefined && { place: { kind: "spec", name: specName } }),
        wanted: JSON.stringify([spec, folder]),
        sandboxFor: (run) => this.#preparation.prepare(run, request, spec),
      }),
    );
  }

  /**
   * Returns the folder for the outputs of runs that belong together, `undefined` if no folder is synced.
   * @param path the existing folder of these runs
   */
  groupFolder(label: string, root: string | undefined, path?: string): GroupFolder | undefined {
    if (root === undefined) return undefined;
    const { runsFolder, clock } = this.#options;
    const startedAt = new Date(clock.now());
    return new GroupFolder({ root, runsFolder: runsFolder(), label, startedAt, ...(path !== undefined && { path }) });
  }

  /** Starts a run in this sandbox, and in no other. */
  startIn({ gpu, sandboxId }: GivenSandbox, request: OneRun): Run {
    const sandboxFor = async (run: Run) =>
      this.#preparation.prepareIn(run, request, await this.#options.sandboxes.attach(sandboxId, run.signal));
    return this.#start({ request, group: randomId(), gpu, place: { kind: "sandbox" }, wanted: sandboxId, sandboxFor });
  }

  #start({ request, group, gpu, place, outputs, wanted, sandboxFor }: Start): Run {
    const { target, folder, remotePath, isBackground = false, isMatched = false, part } = request;
    const { clock, sharesOutputs } = this.#options;
    const set = part && { setIndex: part.index };
    const isAlone = outputs !== undefined && !sharesOutputs();
    const known = { target, gpu, group, isBackground, isMatched, isAlone, ...set, queuedAt: clock.now() };
    const run = this.#add({ id: randomId(), ...known });
    this.#turns.expect(run, wanted);
    void this.#execute(run, async () => {
      if (outputs) await outputs.check();
      const sandbox = await sandboxFor(run);
      run.signal.throwIfAborted();
      const label = part?.label ?? (place?.kind === "spec" ? safeName(place.name) : "");
      const path = await outputs?.placeFor(label || gpuWord(run.gpu));
      const startedAt = clock.now();
      const asked = {
        group,
        target,
        gpu: run.gpu,
        isBackground,
        folder,
        remotePath,
        ...(place && { place }),
        ...set,
        ...(path !== undefined && { outputs: path }),
        ...(run.pushedAt !== undefined && { pushedAt: run.pushedAt }),
      };
      await this.#finish(run, sandbox, { id: run.id, ...asked, startedAt, sandboxId: sandbox.phase.id }, false);
    });
    return run;
  }

  /** Resumes the runs that an earlier window started in a sandbox. */
  async resume(sandbox: RunningSandbox): Promise<void> {
    const records = await this.#options.records.underWay(sandbox.phase.id);
    for (const record of records) {
      if (this.#runs.some(({ id }) => id === record.id)) continue;
      const run = this.#add({ ...record, isAlone: record.outputs !== undefined && !this.#options.sharesOutputs() });
      run.useSandbox(sandbox);
      this.#turns.enter(run, sandbox.key);
      this.#enterRunning(run, sandbox, record);
      void this.#execute(run, () => this.#finish(run, sandbox, record, true));
      this.#resumed.fire(run);
    }
  }

  /** Returns a finished run, even one of an earlier window, with its stored output. */
  past(record: RunRecord): Run {
    const known = this.#runs.find(({ id }) => id === record.id);
    if (known) return known;
    const run = this.#make(record, true);
    const { startedAt, end } = record;
    run.outputs = outputsOf(record);
    run.leftCount = end?.leftCount ?? 0;
    run.isPullFailed = end?.isPullFailed ?? false;
    if (end?.exitCode === undefined) run.enter({ kind: "failed", error: outputLost() });
    else run.enter({ kind: "ended", startedAt, ...end, exitCode: end.exitCode });
    return run;
  }

  /** Pushes the folder to a sandbox. */
  push(sandbox: RunningSandbox, request: FolderPush): Promise<PushResult> {
    return this.#syncs.push(sandbox, request);
  }

  dispose(): void {
    for (const run of this.#runs) run.dispose();
    this.#changed.dispose();
    this.#resumed.dispose();
  }

  #make(properties: Omit<RunProperties, "log">, isPast = false): Run {
    return new Run({ ...properties, log: new RunLog(this.#options.records.logPath(properties.id), isPast) });
  }

  #add(properties: Omit<RunProperties, "log">): Run {
    const run = this.#make(properties);
    this.#runs.push(run);
    run.onDidChangeState(() => this.#changed.fire(run));
    this.#changed.fire(run);
    return run;
  }

  async #execute(run: Run, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      run.enter(isAbort(error) ? { kind: "canceled" } : { kind: "failed", error });
    } finally {
      await run.log.end();
      if (run.log.failure !== undefined)
        this.#options.log.warn(`Storing the output of a run failed: ${messageOf(run.log.failure)}`);
    }
  }

  /**
   * Follows the program until it ends, then pulls its outputs. `isStarted` is true if an earlier window started the
   * program.
   */
  async #finish(run: Run, sandbox: RunningSandbox, record: RunRecord, isStarted: boolean): Promise<void> {
    const { clock, rates, records, sandboxes, log } = this.#options;
    const { sandboxId, folder, remotePath, startedAt } = record;
    run.outputs = outputsOf(record);
    const keep = async (written: Promise<void>) => {
      await written.catch((error: unknown) => log.warn(`Updating the record of a run failed: ${messageOf(error)}`));
    };
    const begun = isStarted ? undefined : keep(records.begin(record));
    const end = () => {
      const tookMs = livedWithin(sandbox, clock.now() - startedAt);
      return { endedAt: startedAt + tookMs, dollars: costOf(sandbox, tookMs, rates.current) };
    };
    try {
      const exitCode = await runProgram(run, {
        exec: this.#options.exec,
        sandboxId,
        remotePath,
        isStarted,
        mayLive: () => (timeLeftMs(sandbox, clock.now()) ?? Infinity) > 0,
        onStarted: () => this.#enterRunning(run, sandbox, record),
      }).catch((error: unknown) => {
        if (isAbort(error) || !sandboxes.wasTerminated(sandboxId)) throw error;
        return KILLED;
      });
      const stoppedBy = this.#stoppedBy(run, sandboxId, exitCode);
      const closing = { ...end(), exitCode, ...(stoppedBy && { stoppedBy }) };
      if (folder !== undefined && stoppedBy !== "termination")
        run.isPullFailed = !(await pullOutputs(run, (signal) => this.#syncs.pull(run, sandbox, record, signal), log));
      const left = {
        ...(run.leftCount > 0 && { leftCount: run.leftCount }),
        ...(run.isPullFailed && { isPullFailed: true }),
      };
      const ended = { ...closing, ...left };
      await keepSummary(run, record, ended, log);
      await begun;
      await keep(records.end({ ...record, end: ended }));
      run.enter({ kind: "ended", startedAt, ...ended });
    } catch (error) {
      await begun;
      if (isSandboxGone(error)) await keep(records.end({ ...record, end: end() }));
      // The run failed before its outputs were pulled.
      else if (folder !== undefined && run.state.kind === "running") run.isPullFailed = true;
      throw error;
    }
  }

  #stoppedBy(run: Run, sandboxId: string, exitCode: number): StoppedBy | undefined {
    if (exitCode !== 0 && this.#options.sandboxes.wasTerminated(sandboxId)) return "termination";
    return run.wasInterrupted(exitCode) ? "interrupt" : undefined;
  }

  #enterRunning(run: Run, sandbox: RunningSandbox, { startedAt }: RunRecord): void {
    run.enter({ kind: "running", startedAt, dollarsPerHour: hourlyRate(sandbox, this.#options.rates.current) });
  }
}

const outputsOf = ({ folder, outputs, startedAt, pushedAt = startedAt }: RunRecord): OutputPlace | undefined =>
  folder === undefined || outputs === undefined ? undefined : { folder, path: outputs, pushedAt };

/** The exit code of a program that was killed. */
const KILLED = 137;

const randomId = () => randomBytes(6).toString("hex");
