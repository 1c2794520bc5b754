import { Deferred, SerialQueue } from "../base/async";
import type { Disposable } from "../base/disposable";
import { Emitter } from "../base/event";
import type { GpuRequest } from "../modal/gpus";
import type { Sandbox } from "../sandboxes/sandbox";
import type { RunLog } from "./output/runLog";
import type { RunOutput } from "./output/runOutput";
import type { StoppedBy } from "./runOutcome";
import type { RunTarget } from "./target/target";

/** A terminal that shows a run's output. A write that hasn't resolved delays the output, not the program. */
export interface OutputSink {
  /** Shows the program's own bytes, unchanged and in order. Characters may be split between two writes. */
  write(bytes: Uint8Array, stream: "stdout" | "stderr"): Promise<void>;
  /** Shows a message of the extension about what it is doing. */
  status(line: string): void;
  readonly size: { readonly columns: number; readonly rows: number };
}

/** Times are in milliseconds since the epoch. `dollars` is an estimate. */
export type RunState =
  | { readonly kind: "preparing"; readonly step: string }
  | { readonly kind: "running"; readonly startedAt: number; readonly dollarsPerHour: number }
  | {
      readonly kind: "ended";
      readonly startedAt: number;
      readonly endedAt: number;
      readonly exitCode: number;
      readonly stoppedBy?: StoppedBy;
      readonly dollars: number;
    }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "canceled" };

export const isFinished = ({ kind }: RunState): boolean => kind === "ended" || kind === "failed" || kind === "canceled";

/** The operations on a program that has been started. */
export interface RunControls {
  write(bytes: Uint8Array): Promise<void>;
  endInput(): Promise<void>;
  interrupt(): Promise<void>;
  /** Stops the program, gently at first. Resolves when it is gone. */
  stop(): Promise<void>;
  /** Stops the program without interrupting it first. */
  stopNow(): Promise<void>;
}

export type RunProperties = Pick<Run, "id" | "target" | "gpu" | "group" | "log" | "isBackground"> & {
  readonly queuedAt?: number;
  readonly isMatched?: boolean;
  readonly isAlone?: boolean;
  readonly setIndex?: number;
};

/** The folder for the outputs of a run, if they don't replace the files of the synced folder. */
export interface OutputPlace {
  /** Absolute path of the synced folder. */
  readonly folder: string;
  /** Relative to `folder`, with `/`. */
  readonly path: string;
  /**
   * When the push before the run began, in milliseconds since the epoch. Files that changed here after that were
   * changed by the user.
   */
  readonly pushedAt: number;
}

/** A second interrupt within this time stops the program. */
const STOP_NOW_MS = 5000;

/** A program that ends within this time after an interrupt is considered to end because of it. */
const INTERRUPT_MS = 10_000;

/** The exit code of a program that SIGINT has ended. */
const INTERRUPTED = 130;

/** One execution of a target on one sandbox: its state, its output, and the operations on it. */
export class Run implements Disposable {
  readonly id: string;
  readonly target: RunTarget;
  /** The same id for all runs that were started together. */
  readonly group: string;
  /** All output that arrived in this window. */
  readonly log: RunLog;
  /** True if the run starts without waiting for a terminal to show it. */
  readonly isBackground: boolean;
  /** True if a task's problem matcher finds the problems in the output. */
  readonly isMatched: boolean;
  /** When the run was requested, in milliseconds since the epoch. `undefined` for a run of an earlier window. */
  readonly queuedAt: number | undefined;
  /** True if no other run may use the sandbox's folder at the same time, because outputs would mix. */
  readonly isAlone: boolean;
  /** The number of its argument set in a sweep, counted from 0. */
  readonly setIndex: number | undefined;
  /** When the push before the run began, in milliseconds since the epoch. */
  pushedAt: number | undefined;
  /** Absent before the program starts, and if outputs replace the files of the synced folder. */
  outputs: OutputPlace | undefined;
  /** The number of outputs that could not be pulled. */
  leftCount = 0;
  /** True if the pull did not finish, so that it is unknown how many outputs are missing. */
  isPullFailed = false;
  readonly #output = new Emitter<RunOutput>();
  /** Fires with the program's output as it arrives. */
  readonly onDidOutput = this.#output.event;
  readonly #changed = new Emitter<RunState>();
  readonly onDidChangeState = this.#changed.event;
  readonly #size = new Deferred<OutputSink["size"]>();
  readonly #finished = new Deferred<RunState>();
  readonly #abort = new AbortController();
  readonly #shows = new SerialQueue();
  /** Messages that no viewer has shown yet. */
  readonly #lines: string[] = [];
  #viewer: OutputSink | undefined;
  /** The viewer, once it has shown all earlier output. */
  #receiver: OutputSink | undefined;
  #state: RunState = { kind: "preparing", step: "Starting" };
  #gpu: GpuRequest | undefined;
  #sandboxKey: string | undefined;
  #controls: RunControls | undefined;
  #interruptedAt = -Infinity;
  #isStopped = false;

  constructor(properties: RunProperties) {
    const { id, target, gpu, group, log, isBackground, queuedAt, isMatched = false } = properties;
    const { isAlone = false, setIndex } = properties;
    this.id = id;
    this.target = target;
    this.#gpu = gpu;
    this.group = group;
    this.log = log;
    this.isBackground = isBackground;
    this.queuedAt = queuedAt;
    this.isMatched = isMatched;
    this.isAlone = isAlone;
    this.setIndex = setIndex;
    if (isBackground) this.#size.resolve(UNSEEN);
  }

  get state(): RunState {
    return this.#state;
  }

  /** The requested GPU, or the actual one once the run has a sandbox. */
  get gpu(): GpuRequest | undefined {
    return this.#gpu;
  }

  /** The sandbox of the run, once it is known. */
  get sandboxKey(): string | undefined {
    return this.#sandboxKey;
  }

  /** True if the sandbox may have outputs that exist nowhere else. */
  get holdsOutputs(): boolean {
    return this.leftCount > 0 || this.isPullFailed;
  }

  /** Aborted if `stop` is called before the program has started. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Resolves with the final state. */
  get finished(): Promise<RunState> {
    return this.#finished.promise;
  }

  /** The size of the terminal. The program doesn't start before it is known. */
  get size(): Promise<OutputSink["size"]> {
    return this.#size.promise;
  }

  /**
   * Shows the run in `sink`: all output so far, then everything that follows. Resolves when the output so far has been
   * shown.
   */
  async attach(sink: OutputSink): Promise<void> {
    this.#viewer = sink;
    for (const line of this.#lines.splice(0)) sink.status(line);
    this.#size.resolve(sink.size);
    await this.#shows.run(async () => {
      this.#receiver = undefined;
      for await (const bytes of this.log.read()) await sink.write(bytes, "stdout");
      if (this.#viewer === sink) this.#receiver = sink;
    });
  }

  /** Stops showing the run in `sink`. The run continues. */
  detach(sink: OutputSink): void {
    if (this.#viewer === sink) this.#viewer = undefined;
    if (this.#receiver === sink) this.#receiver = undefined;
  }

  /** Sends input to the program. Ignored if none is running. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#controls?.write(bytes);
  }

  async endInput(): Promise<void> {
    await this.#controls?.endInput();
  }

  /** Interrupts the program like Ctrl+C, or cancels the preparation. A second call soon after stops the program. */
  async interrupt(): Promise<void> {
    if (!this.#controls) {
      this.#abort.abort();
      return;
    }
    const now = performance.now();
    const isAgain = now - this.#interruptedAt < STOP_NOW_MS;
    this.#interruptedAt = now;
    await (isAgain ? this.#controls.stopNow() : this.#controls.interrupt());
  }

  /** Stops the program and its child processes. Resolves when all of them are gone. */
  async stop(): Promise<void> {
    if (isFinished(this.#state)) return;
    // The run no longer waits for a terminal.
    this.#size.resolve(UNSEEN);
    if (!this.#controls) this.#abort.abort();
    this.#isStopped = true;
    await this.#controls?.stop();
  }

  /** True after the user has stopped or interrupted the program, which may be the reason for what it now reports. */
  get isStopping(): boolean {
    return this.#isStopped || performance.now() - this.#interruptedAt < INTERRUPT_MS;
  }

  /** For the service: true if the program has just ended because the user wanted it to. */
  wasInterrupted(exitCode: number): boolean {
    if (exitCode === 0) return false;
    return this.isStopping || (exitCode === INTERRUPTED && this.#interruptedAt > -Infinity);
  }

  /** Changes the state. For the service that executes the run. */
  enter(state: RunState): void {
    if (isFinished(this.#state)) return;
    this.#state = state;
    if (state.kind === "preparing") this.tell(state.step);
    this.#changed.fire(state);
    if (!isFinished(state)) return;
    this.#controls = undefined;
    this.#finished.resolve(state);
  }

  /** Shows a message of the extension. For the service. */
  tell(line: string): void {
    if (this.#viewer) this.#viewer.status(line);
    else this.#lines.push(line);
  }

  /** Shows output of the program. For the service. Resolves when more output can be accepted. */
  async show(output: RunOutput): Promise<void> {
    this.#output.fire(output);
    await this.#shows.run(async () => {
      await this.log.append(output);
      await this.#receiver?.write(output.bytes, output.stream);
    });
  }

  useSandbox({ key, gpu }: Pick<Sandbox, "key" | "gpu">): void {
    this.#sandboxKey = key;
    this.#gpu = gpu;
  }

  control(controls: RunControls): void {
    this.#controls = controls;
  }

  dispose(): void {
    this.#abort.abort();
    this.#changed.dispose();
    this.#output.dispose();
  }
}

/** The terminal size for a program whose output isn't shown. */
const UNSEEN = { columns: 80, rows: 24 };
