import { randomBytes } from "node:crypto";
import { posix } from "node:path";
import { SerialQueue } from "../base/async";
import type { Disposable } from "../base/disposable";
import { isAbort, messageOf, UserError } from "../base/errors";
import { Emitter } from "../base/event";
import type { Clock, Logger } from "../base/ports";
import { isSandboxGone } from "../modal/errors";
import { collect, collectOutput, type ExecGateway, type RemoteProcess } from "../modal/exec";
import type { SandboxSpec } from "../modal/spec";
import { costOf } from "../sandboxes/cost";
import { describeStep } from "../sandboxes/describe";
import type { RunningSandbox } from "../sandboxes/sandbox";
import type { SandboxService } from "../sandboxes/sandboxService";
import { describePush, pushLog } from "../sync/describePush";
import { describePull, pullLog, type Puller } from "../sync/puller";
import type { Pusher } from "../sync/push";
import type { PushProgress, PushResult } from "../sync/pushRequest";
import { programEnvironment, pump } from "./program";
import { Run, type OutputSink } from "./run";
import { interruptCommand, stopCommand, supervised } from "./supervisor";
import type { RunTarget } from "./target";

export interface RunServiceOptions {
  readonly sandboxes: SandboxService;
  readonly exec: ExecGateway;
  /** What the server has to say about itself, for the user to read. */
  readonly notices: (signal: AbortSignal) => Promise<readonly string[]>;
  readonly clock: Clock;
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
    return request.specs.map((spec) => {
      const run = new Run(randomBytes(6).toString("hex"), request.target, spec.gpu);
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
  async push(
    sandbox: RunningSandbox,
    folder: string,
    remotePath: string,
    onProgress: (progress: PushProgress) => void,
    signal: AbortSignal,
  ): Promise<PushResult> {
    const { id } = sandbox.phase;
    const { exec, pusher } = this.#options;
    return this.#syncsOf(sandbox).run(() =>
      pusher.push({
        root: folder,
        sandboxId: id,
        remotePath,
        exec: async (argv) => forTransfer(await exec.exec(id, argv, {}, signal)),
        onProgress,
        signal,
      }),
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
    const reused = this.#options.sandboxes.findReusable({ spec, folder: request.folder ?? "" });
    if (reused) {
      try {
        return await this.#deliver(run, request, reused);
      } catch (error) {
        if (!isSandboxGone(error)) throw error;
        this.#options.sandboxes.markEnded(reused.key, "lost");
      }
    }
    return this.#deliver(run, request, await this.#create(run, request, spec));
  }

  async #create(run: Run, request: RunRequest, spec: SandboxSpec): Promise<RunningSandbox> {
    const sandbox = await this.#options.sandboxes.create(
      {
        spec,
        folder: request.folder ?? "",
        onDidEnterStep: (step) => {
          run.enter({ kind: "preparing", step: describeStep(step, spec) });
        },
      },
      run.signal,
    );
    for (const step of await this.#options.notices(run.signal)) run.enter({ kind: "preparing", step });
    return sandbox;
  }

  async #deliver(run: Run, request: RunRequest, sandbox: RunningSandbox): Promise<RunningSandbox> {
    run.useSandbox(sandbox.key);
    const { folder, remotePath, target } = request;
    if (folder !== undefined) {
      run.enter({ kind: "preparing", step: "Syncing the folder" });
      const result = await this.push(sandbox, folder, remotePath, () => undefined, run.signal);
      for (const line of pushLog(result)) this.#options.log.warn(line);
      run.enter({ kind: "preparing", step: describePush(result) });
    }
    if (target.file.kind === "loose")
      await this.#upload(sandbox, remotePath, remoteFile(run, request), target.file.content, run.signal);
    return sandbox;
  }

  /** Writes one file, and makes the working directory that the push would have made. */
  async #upload(
    sandbox: RunningSandbox,
    remotePath: string,
    path: string,
    content: Uint8Array,
    signal: AbortSignal,
  ): Promise<void> {
    const script = 'mkdir -p "$1" "${2%/*}" && cat >"$2"';
    const process = await this.#options.exec.exec(
      sandbox.phase.id,
      ["sh", "-c", script, "sh", remotePath, path],
      {},
      signal,
    );
    if (content.length > 0) await process.write(content);
    const { exitCode, stderr } = await collect(process);
    if (exitCode !== 0)
      throw new UserError(`${path} cannot be written in the sandbox: ${stderr.trim() || `exit code ${exitCode}`}.`);
  }

  async #runProgram(run: Run, request: RunRequest, sandbox: RunningSandbox): Promise<void> {
    const { exec, clock } = this.#options;
    const { launcher } = request.target;
    const sink = await run.sink;
    const process = await exec.exec(
      sandbox.phase.id,
      supervised(run.id, [...launcher.argv, remoteFile(run, request)]),
      { workdir: request.remotePath, env: programEnvironment(sink) },
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
    run.enter({ kind: "running", startedAt });
    if (run.signal.aborted) await run.stop();

    const exitCode = await pump(process, sink);
    const endedAt = clock.now();
    if (exitCode === NO_SUCH_PROGRAM) sink.status(programMissing(launcher.program));
    if (request.folder !== undefined) await this.#pull(run, request.folder, request.remotePath, sandbox, sink);
    run.enter({ kind: "ended", startedAt, endedAt, exitCode, dollars: costOf(sandbox, endedAt - startedAt) });
  }

  /** Brings back what the program made. How the program ended counts, not how this does. */
  async #pull(run: Run, root: string, remotePath: string, sandbox: RunningSandbox, sink: OutputSink): Promise<void> {
    const { exec, puller, log } = this.#options;
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
      const result = await this.#syncsOf(sandbox).run(() => puller.pullChanges(source));
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

const programMissing = (program: string) =>
  `The image may lack ${program}. Choose an image that has it: the setting "modalSandboxes.image".`;

const remoteFile = (run: Run, { target, remotePath }: RunRequest): string =>
  target.file.kind === "synced"
    ? posix.join(remotePath, target.file.path)
    : posix.join("/tmp/.modal-sandboxes", run.id, target.file.name);

/** The push needs no more of a process than this. */
const forTransfer = (process: RemoteProcess) => ({
  write: (bytes: Uint8Array) => process.write(bytes),
  closeInput: () => process.closeInput(),
  output: collectOutput(process),
  exitCode: process.exitCode,
});
