import { randomBytes } from "node:crypto";
import { SerialQueue } from "../base/async";
import type { Disposable } from "../base/disposable";
import { isAbort, messageOf } from "../base/errors";
import { Emitter } from "../base/event";
import type { Clock, Logger } from "../base/ports";
import { isSandboxGone } from "../modal/errors";
import type { ExecGateway } from "../modal/exec";
import { gpuWord, type GpuRequest } from "../modal/gpus";
import type { RateSource } from "../modal/rates";
import type { CreateStep } from "../modal/sandboxes";
import type { SandboxSpec } from "../modal/spec";
import { costOf, hourlyRate } from "../sandboxes/costs/cost";
import { describeStep } from "../sandboxes/describe";
import { livedWithin, timeLeftMs, type RunningSandbox } from "../sandboxes/sandbox";
import type { SandboxService } from "../sandboxes/sandboxService";
import { describePush, pushLog } from "../sync/push/describePush";
import { describePull, pullLog, type Puller } from "../sync/pull/puller";
import type { Pusher } from "../sync/push/push";
import type { PushRequest, PushResult } from "../sync/push/pushRequest";
import { GroupFolder } from "./groupFolder";
import { safeName } from "./outputNames";
import { lifetimeNotice } from "./lifetimeNotice";
import { createOrSwap, type OfferOther } from "./createOrSwap";
import { outputLost, runProgram } from "./program/programRun";
import { pullOutputs } from "./pullOutputs";
import { keepSummary } from "./runSummary";
import { Run, type OutputPlace, type RunProperties } from "./run";
import { RunLog } from "./output/runLog";
import type { RunPlace, RunRecord, RunRecords } from "./runRecords";
import { remoteFile } from "./program/remoteFile";
import type { GivenSandbox, OneRun, RunRequest } from "./runRequest";
import { SharedPulls } from "./sharedPulls";
import { Turns } from "./turns";
import { transferExec } from "./program/transferExec";
import { upload } from "./program/upload";

export interface RunServiceOptions {
  readonly sandboxes: SandboxService;
  /** Without it a run fails where its GPU is not to be had. */
  readonly offerOther?: OfferOther;
  readonly exec: ExecGateway;
  readonly records: RunRecords;
  /** Whether runs share a sandbox; else each waits for those before it. */
  readonly runsAtOnce: () => boolean;
  /** Where folders for the outputs of runs that belong together are made, relative to the synced folder. */
  readonly runsFolder: () => string;
  /** Whether such a run finds in its sandbox what those before it made. */
  readonly sharesOutputs: () => boolean;
  /** What the server has to say about itself, for the user to read. */
  readonly notices: (signal: AbortSignal) => Promise<readonly string[]>;
  readonly clock: Clock;
  readonly rates: RateSource;
  readonly log: Logger;
  readonly pusher: Pusher;
  readonly puller: Puller;
}

interface Start {
  readonly request: OneRun;
  readonly group: string;
  readonly gpu: GpuRequest | undefined;
  readonly place?: RunPlace;
  /** Where the outputs of the run and those it belongs to go. */
  readonly outputs?: GroupFolder | undefined;
  /** The same for runs that are likely to get the same sandbox. */
  readonly wanted: string;
  readonly sandboxFor: (run: Run) => Promise<RunningSandbox>;
}

/** A folder for one sandbox. */
export type FolderPush = Pick<
  PushRequest,
  "root" | "remotePath" | "isUnattended" | "isFresh" | "putsLeftAside" | "onProgress" | "signal"
>;

/** Runs a target on sandboxes: ensure → push → exec → pull, one run for each spec, each on its own. */
export class RunService implements Disposable {
  readonly #options: RunServiceOptions;
  readonly #runs: Run[] = [];
  readonly #changed = new Emitter<Run>();
  /** Fires when a run is added and whenever its state changes. */
  readonly onDidChangeRun = this.#changed.event;
  readonly #resumed = new Emitter<Run>();
  /** Fires for a run that an earlier window started, and that goes on here. */
  readonly onDidResumeRun = this.#resumed.event;
  /** One push or pull at a time for each sandbox. */
  readonly #syncs = new Map<string, SerialQueue>();
  readonly #pulls = new SharedPulls();
  readonly #turns: Turns;

  constructor(options: RunServiceOptions) {
    this.#options = options;
    this.#turns = new Turns(options.runsAtOnce);
  }

  /** Newest last. */
  get runs(): readonly Run[] {
    return this.#runs;
  }

  /** Starts one run for each spec and returns them at once; they report everything else themselves. */
  start({ specs, ...request }: RunRequest): Run[] {
    const { part, target, folder } = request;
    const group = part?.sweepId ?? randomId();
    const outputs = specs.length > 1 ? this.groupFolder(target.label, folder) : part?.outputs;
    return specs.map(({ specName, ...spec }) =>
      this.#start({
        ...{ request, group, gpu: spec.gpu, outputs },
        ...(specName !== undefined && { place: { kind: "spec", name: specName } }),
        wanted: JSON.stringify([spec, folder]),
        sandboxFor: (run) => this.#prepare(run, request, spec),
      }),
    );
  }

  /**
   * The folder for the outputs of runs that belong together; none without a folder to sync.
   * @param path the one that they have already
   */
  groupFolder(label: string, root: string | undefined, path?: string): GroupFolder | undefined {
    if (root === undefined) return undefined;
    const { runsFolder, clock } = this.#options;
    const startedAt = new Date(clock.now());
    return new GroupFolder({ root, runsFolder: runsFolder(), label, startedAt, ...(path !== undefined && { path }) });
  }

  /** Starts a run in that sandbox and in no other. */
  startIn({ gpu, sandboxId }: GivenSandbox, request: OneRun): Run {
    const sandboxFor = async (run: Run) =>
      this.#deliver(run, request, await this.#options.sandboxes.attach(sandboxId, run.signal));
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
      const sandbox = await sandboxFor(run);
      run.signal.throwIfAborted();
      const label = part?.label ?? (place?.kind === "spec" ? safeName(place.name) : "");
      const path = await outputs?.placeFor(label || gpuWord(run.gpu));
      const startedAt = clock.now();
      const asked = {
        ...{ group, target, gpu: run.gpu, isBackground, folder, remotePath, ...(place && { place }), ...set },
        ...(path !== undefined && { outputs: path }),
        ...(run.pushedAt !== undefined && { pushedAt: run.pushedAt }),
      };
      await this.#finish(run, sandbox, { id: run.id, ...asked, startedAt, sandboxId: sandbox.phase.id }, false);
    });
    return run;
  }

  /** Goes on with the runs of a sandbox that an earlier window started. */
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

  /** A run that is over, maybe since an earlier window, with the output that was kept of it. */
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

  /** Sends the folder to a sandbox. */
  async push(sandbox: RunningSandbox, request: FolderPush): Promise<PushResult> {
    const { id } = sandbox.phase;
    const { exec, pusher } = this.#options;
    return this.#syncsOf(sandbox).run(() =>
      pusher.push({ ...request, sandboxId: id, exec: transferExec(exec, id, request.signal) }),
    );
  }

  #syncsOf({ key }: RunningSandbox): SerialQueue {
    const queue = this.#syncs.get(key) ?? new SerialQueue();
    this.#syncs.set(key, queue);
    return queue;
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
    run.onDidChangeState(() => {
      this.#changed.fire(run);
    });
    this.#changed.fire(run);
    return run;
  }

  async #execute(run: Run, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      run.enter(isAbort(error) ? { kind: "cancelled" } : { kind: "failed", error });
    } finally {
      await run.log.end();
      if (run.log.failure !== undefined) this.#options.log.warn(`Output of a run: ${messageOf(run.log.failure)}`);
    }
  }

  /** The program from its start, here or earlier, to its end; then what it made is brought back. */
  async #finish(run: Run, sandbox: RunningSandbox, record: RunRecord, isStarted: boolean): Promise<void> {
    const { clock, rates, records, log } = this.#options;
    const { sandboxId, folder, remotePath, startedAt } = record;
    run.outputs = outputsOf(record);
    const keep = async (written: Promise<void>) => {
      await written.catch((error: unknown) => {
        log.warn(`Record of a run: ${messageOf(error)}`);
      });
    };
    const begun = isStarted ? undefined : keep(records.begin(record));
    const end = () => {
      const tookMs = livedWithin(sandbox, clock.now() - startedAt);
      return { endedAt: startedAt + tookMs, dollars: costOf(sandbox, tookMs, rates.current) };
    };
    try {
      const exitCode = await runProgram(run, {
        ...{ exec: this.#options.exec, sandboxId, remotePath, isStarted },
        mayLive: () => (timeLeftMs(sandbox, clock.now()) ?? Infinity) > 0,
        onStarted: () => {
          this.#enterRunning(run, sandbox, record);
        },
      });
      const closing = { ...end(), exitCode };
      if (folder !== undefined)
        run.isPullFailed = !(await pullOutputs(run, (signal) => this.#pull(run, sandbox, record, signal), log));
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
      // Its outputs were never asked for.
      else if (folder !== undefined && run.state.kind === "running") run.isPullFailed = true;
      throw error;
    }
  }

  #enterRunning(run: Run, sandbox: RunningSandbox, { startedAt }: RunRecord): void {
    run.enter({ kind: "running", startedAt, dollarsPerHour: hourlyRate(sandbox, this.#options.rates.current) });
  }

  #pull(
    run: Run,
    sandbox: RunningSandbox,
    { folder: root = "", remotePath, outputs }: RunRecord,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { exec, puller, log } = this.#options;
    const sandboxId = sandbox.phase.id;
    const from = gpuWord(sandbox.gpu);
    const pull = async (shared: AbortSignal) => {
      const result = await puller.pullChanges({
        ...{ root, remotePath, sandboxId, from, signal: shared },
        ...(outputs !== undefined && { into: outputs }),
        // What ends the other side of a cancelled pull must still start.
        exec: (argv: string[]) => exec.exec(sandboxId, argv, {}, new AbortController().signal),
      });
      for (const line of pullLog(result, from)) log.warn(line);
      run.leftCount = result.leftCount;
      return describePull(result, from, outputs);
    };
    const key = JSON.stringify([sandboxId, root, remotePath, outputs]);
    return this.#pulls.pull(key, pull, (work) => this.#syncsOf(sandbox).run(work), signal);
  }

  /** A sandbox that holds the file. One that turns out to be gone is replaced, once. */
  async #prepare(run: Run, request: OneRun, spec: SandboxSpec): Promise<RunningSandbox> {
    const { sandboxes } = this.#options;
    const onStep = (step: string) => {
      run.enter({ kind: "preparing", step });
    };
    const wanted = { spec, folder: request.folder ?? "", onStep, signal: run.signal };
    const onDidEnterStep = (step: CreateStep) => {
      onStep(describeStep(step, spec));
    };
    // Without a wait in between, or two runs of one instant would both find nothing and create one each.
    const found = sandboxes.findReusable({ ...wanted, onDidEnterStep }, run.signal);
    const reused = found && (await found);
    if (reused) {
      try {
        return await this.#deliver(run, request, reused);
      } catch (error) {
        if (!isSandboxGone(error)) throw error;
        sandboxes.markEnded(reused.key, "lost");
      }
    }
    // Where a sandbox is there already, the push follows at once and does that itself.
    if (request.folder !== undefined) void this.#options.pusher.prepare(request.folder);
    const created = await createOrSwap(sandboxes, request.offerOther ?? this.#options.offerOther, wanted);
    (await this.#options.notices(run.signal)).forEach(onStep);
    return this.#deliver(run, request, created);
  }

  async #deliver(run: Run, request: OneRun, sandbox: RunningSandbox): Promise<RunningSandbox> {
    run.useSandbox(sandbox);
    await this.#turns.wait(run, sandbox.key);
    const notice = lifetimeNotice(sandbox, this.#options.clock.now(), this.#lastDurationMs(request));
    if (notice !== undefined) run.enter({ kind: "preparing", step: notice });
    const { folder, remotePath, target } = request;
    if (folder !== undefined) {
      run.enter({ kind: "preparing", step: "Syncing the folder" });
      const isFresh = run.isAlone;
      // A single run would bring them back as its own.
      const putsLeftAside = isFresh || !this.#options.sharesOutputs();
      run.pushedAt = this.#options.clock.now();
      const { signal } = run;
      const result = await this.push(sandbox, { root: folder, remotePath, isFresh, putsLeftAside, signal });
      for (const line of pushLog(result)) this.#options.log.warn(line);
      run.enter({ kind: "preparing", step: describePush(result) });
      if (result.movedTo !== undefined) run.enter({ kind: "preparing", step: leftIn(result.movedTo) });
      if (result.inPlace) run.enter({ kind: "preparing", step: stillThere(result.inPlace) });
    }
    if (target.file && target.file.kind !== "synced") {
      const path = remoteFile(run.id, target.file, remotePath);
      const content = Buffer.from(target.file.content);
      const { signal } = run;
      const sandboxId = sandbox.phase.id;
      const keptAs = await upload(this.#options.exec, { sandboxId, workdir: remotePath, path, content, signal });
      if (keptAs !== undefined)
        run.enter({ kind: "preparing", step: `What the sandbox had as ${path} is now ${keptAs}` });
    }
    return sandbox;
  }

  /** How long the same file ran the last time. */
  #lastDurationMs({ target }: OneRun): number | undefined {
    const durations = this.#runs.flatMap(({ target: { label }, state }) =>
      state.kind === "ended" && label === target.label ? [state.endedAt - state.startedAt] : [],
    );
    return durations.at(-1);
  }
}

const outputsOf = ({ folder, outputs, startedAt, pushedAt = startedAt }: RunRecord): OutputPlace | undefined =>
  folder === undefined || outputs === undefined ? undefined : { folder, path: outputs, pushedAt };

const leftIn = (place: string): string => `Outputs of an earlier run that were not pulled are in ${place} there`;

const stillThere = (paths: readonly string[]): string =>
  `Outputs of an earlier run whose names are not UTF-8 are still in the folder there: ${paths.slice(0, 3).join(", ")}`;

const randomId = () => randomBytes(6).toString("hex");
