import { randomBytes } from "node:crypto";
import { posix } from "node:path";
import { SerialQueue } from "../base/async";
import type { Disposable } from "../base/disposable";
import { isAbort, messageOf } from "../base/errors";
import { Emitter } from "../base/event";
import type { Clock, Logger } from "../base/ports";
import { isSandboxGone } from "../modal/errors";
import { collect, type ExecGateway } from "../modal/exec";
import type { RateSource } from "../modal/rates";
import type { CreateStep } from "../modal/sandboxes";
import type { SandboxSpec } from "../modal/spec";
import { costOf, hourlyRate } from "../sandboxes/cost";
import { describeStep } from "../sandboxes/describe";
import type { RunningSandbox } from "../sandboxes/sandbox";
import type { SandboxService } from "../sandboxes/sandboxService";
import { describePush, pushLog } from "../sync/describePush";
import { describePull, pullLog, type Puller } from "../sync/puller";
import type { Pusher } from "../sync/push";
import type { PushRequest, PushResult } from "../sync/pushRequest";
import { lifetimeNotice } from "./lifetimeNotice";
import { createOrSwap, type OfferOther } from "./createOrSwap";
import { programEnvironment, pump } from "./program";
import { Run, type OutputSink } from "./run";
import { interruptCommand, stopCommand, supervised } from "./supervisor";
import type { RunTarget, TargetFile } from "./target";
import { transferExec } from "./transferExec";
import { upload } from "./upload";

export interface RunServiceOptions {
  readonly sandboxes: SandboxService;
  /** Without it a run fails where its GPU is not to be had. */
  readonly offerOther?: OfferOther;
  readonly exec: ExecGateway;
  /** What the server has to say about itself, for the user to read. */
  readonly notices: (signal: AbortSignal) => Promise<readonly string[]>;
  readonly clock: Clock;
  readonly rates: RateSource;
  readonly log: Logger;
  readonly pusher: Pusher;
  readonly puller: Puller;
}

export interface RunRequest {
  readonly target: RunTarget;
  /** Absolute path of the folder that is synced; none for a loose file outside every folder. */
  readonly folder: string | undefined;
  /** The sandboxes to run on, one run each. */
  readonly specs: readonly SandboxSpec[];
  /** Where the folder lies in the sandbox: the program's working directory. */
  readonly remotePath: string;
}

/** A folder for one sandbox. */
export type FolderPush = Pick<PushRequest, "root" | "remotePath" | "isUnattended" | "onProgress" | "signal">;

/** The exit code with which a shell says that there is no such program. */
const NO_SUCH_PROGRAM = 127;

const SIGNAL_TIMEOUT_MS = 15_000;

/** Runs a target on sandboxes: ensure → push → exec → pull, one run for each spec, each on its own. */
export class RunService implements Disposable {
  readonly #options: RunServiceOptions;
  readonly #runs: Run[] = [];
  readonly #changed = new Emitter<Run>();
  /** Fires when a run is added and whenever its state changes. */
  readonly onDidChangeRun = this.#changed.event;
  /** One push or pull at a time for each sandbox. */
  readonly #syncs = new Map<string, SerialQueue>();

  constructor(options: RunServiceOptions) {
    this.#options = options;
  }

  /** Newest last. */
  get runs(): readonly Run[] {
    return this.#runs;
  }

  /** Starts one run for each spec and returns them at once; they report everything else themselves. */
  start(request: RunRequest): Run[] {
    const group = randomId();
    return request.specs.map((spec) => {
      const run = new Run({ id: randomId(), target: request.target, gpu: spec.gpu, group });
      this.#runs.push(run);
      run.onDidChangeState(() => {
        this.#changed.fire(run);
      });
      this.#changed.fire(run);
      void this.#execute(run, request, spec);
      return run;
    });
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
  }

  async #execute(run: Run, request: RunRequest, spec: SandboxSpec): Promise<void> {
    try {
      const sandbox = await this.#prepare(run, request, spec);
      run.signal.throwIfAborted();
      await this.#runProgram(run, request, sandbox);
    } catch (error) {
      if (isAbort(error)) run.enter({ kind: "cancelled" });
      else run.enter({ kind: "failed", error });
    }
  }

  /** A sandbox that holds the file. One that turns out to be gone is replaced, once. */
  async #prepare(run: Run, request: RunRequest, spec: SandboxSpec): Promise<RunningSandbox> {
    const { sandboxes, offerOther } = this.#options;
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
    const created = await createOrSwap(sandboxes, offerOther, wanted);
    (await this.#options.notices(run.signal)).forEach(onStep);
    return this.#deliver(run, request, created);
  }

  async #deliver(run: Run, request: RunRequest, sandbox: RunningSandbox): Promise<RunningSandbox> {
    run.useSandbox(sandbox.key);
    const notice = lifetimeNotice(sandbox, this.#options.clock.now(), this.#lastDurationMs(request));
    if (notice !== undefined) run.enter({ kind: "preparing", step: notice });
    const { folder, remotePath, target } = request;
    if (folder !== undefined) {
      run.enter({ kind: "preparing", step: "Syncing the folder" });
      const result = await this.push(sandbox, { root: folder, remotePath, signal: run.signal });
      for (const line of pushLog(result)) this.#options.log.warn(line);
      run.enter({ kind: "preparing", step: describePush(result) });
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
  #lastDurationMs({ target }: RunRequest): number | undefined {
    const durations = this.#runs.flatMap(({ target: { label }, state }) =>
      state.kind === "ended" && label === target.label ? [state.endedAt - state.startedAt] : [],
    );
    return durations.at(-1);
  }

  async #runProgram(run: Run, request: RunRequest, sandbox: RunningSandbox): Promise<void> {
    const { exec, clock, rates } = this.#options;
    const { remotePath, target } = request;
    const sink = await run.sink;
    const process = await exec.exec(
      sandbox.phase.id,
      supervised(run.id, commandLine(run.id, target, remotePath)),
      {
        workdir: posix.resolve(remotePath, target.workdir ?? ""),
        env: { ...programEnvironment(sink), ...target.env },
      },
      run.signal,
    );
    const startedAt = clock.now();
    const signal = (argv: string[]) => this.#signal(sandbox, argv);
    run.control({
      write: (bytes) => process.write(bytes),
      endInput: () => process.closeInput(),
      interrupt: () => signal(interruptCommand(run.id)),
      stop: () => signal(stopCommand(run.id)),
    });
    run.enter({ kind: "running", startedAt, dollarsPerHour: hourlyRate(sandbox, rates.current) });
    if (run.signal.aborted) await run.stop();

    const exitCode = await pump(process, (output) => run.show(sink, output));
    const endedAt = clock.now();
    if (exitCode === NO_SUCH_PROGRAM) sink.status(programMissing(target.program));
    if (request.folder !== undefined) await this.#pull(run, request.folder, remotePath, sandbox, sink);
    const dollars = costOf(sandbox, endedAt - startedAt, rates.current);
    run.enter({ kind: "ended", startedAt, endedAt, exitCode, dollars });
  }

  /** Brings back what the program made. How the program ended counts, not how this does. */
  async #pull(run: Run, root: string, remotePath: string, sandbox: RunningSandbox, sink: OutputSink): Promise<void> {
    const { exec, pusher, puller, log } = this.#options;
    const cancelled = new AbortController();
    const cancel = () => {
      cancelled.abort();
      return Promise.resolve();
    };
    const ignore = () => Promise.resolve();
    run.control({ write: ignore, endInput: ignore, interrupt: cancel, stop: cancel });
    const { id } = sandbox.phase;
    const source = {
      root,
      remotePath,
      sandboxId: id,
      // What ends the other side of a cancelled pull must still start.
      exec: (argv: string[]) => exec.exec(id, argv, {}, new AbortController().signal),
      signal: cancelled.signal,
    };
    try {
      const result = await this.#syncsOf(sandbox).run(async () => {
        await pusher.saved();
        return puller.pullChanges(source);
      });
      for (const line of pullLog(result)) log.warn(line);
      const outcome = describePull(result);
      if (outcome !== undefined) sink.status(outcome);
    } catch (error) {
      sink.status(isAbort(error) ? "The pull was cancelled." : messageOf(error));
      if (!isAbort(error)) log.warn(`Pull: ${messageOf(error)}`);
    }
  }

  async #signal(sandbox: RunningSandbox, argv: string[]): Promise<void> {
    const process = await this.#options.exec.exec(sandbox.phase.id, argv, {}, AbortSignal.timeout(SIGNAL_TIMEOUT_MS));
    await collect(process);
  }
}

const randomId = () => randomBytes(6).toString("hex");

const programMissing = (program: string) =>
  `The image may lack ${program}. Choose an image that has it: the setting "modalSandboxes.image".`;

const commandLine = (runId: string, { argv, file, args = [] }: RunTarget, remotePath: string): string[] => [
  ...argv,
  ...(file ? [remoteFile(runId, file, remotePath)] : []),
  ...args,
];

const remoteFile = (runId: string, file: TargetFile, remotePath: string): string =>
  file.kind === "loose" ? posix.join("/tmp/.modal-sandboxes", runId, file.name) : posix.join(remotePath, file.path);
