import { Deferred, SerialQueue } from "../base/async";
import type { Disposable } from "../base/disposable";
import { Emitter } from "../base/event";
import type { GpuRequest } from "../modal/gpus";
import type { Sandbox } from "../sandboxes/sandbox";
import type { RunLog } from "./output/runLog";
import type { RunOutput } from "./output/runOutput";
import type { StoppedBy } from "./runOutcome";
import type { RunTarget } from "./target/target";

/** Where the output of a run is shown. A write that is not settled holds the output back, not the program. */
export interface OutputSink {
  /** The program's own bytes, unchanged, in the order they came; characters may be split between two writes. */
  write(bytes: Uint8Array, stream: "stdout" | "stderr"): Promise<void>;
  /** A line of ours about what is being done. */
  status(line: string): void;
  readonly size: { readonly columns: number; readonly rows: number };
}

/** Times are milliseconds since the epoch; `dollars` is an estimate. */
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
  | { readonly kind: "cancelled" };

export const isOver = ({ kind }: RunState): boolean => kind === "ended" || kind === "failed" || kind === "cancelled";

/** What a run needs of the program once it is started. */
export interface RunControls {
  write(bytes: Uint8Array): Promise<void>;
  endInput(): Promise<void>;
  interrupt(): Promise<void>;
  /** Ends the program, gently at first; settles when it is gone. */
  stop(): Promise<void>;
  /** The same for the impatient. */
  hurry(): Promise<void>;
}

export type RunProperties = Pick<Run, "id" | "target" | "gpu" | "group" | "log" | "isBackground"> & {
  readonly queuedAt?: number;
  readonly isMatched?: boolean;
  readonly isAlone?: boolean;
  readonly setIndex?: number;
};

/** Where the outputs of a run come back that do not go to their places in the folder. */
export interface OutputPlace {
  /** Absolute path of the folder that is synced. */
  readonly folder: string;
  /** Relative to it, with `/`. */
  readonly path: string;
  /** When the push before the run began, in milliseconds since the epoch: the user made what changed here since. */
  readonly pushedAt: number;
}

/** Two interrupts within this time are one that is to be hurried. */
const HURRY_MS = 5000;

/** The end of a program within this time after an interrupt is taken for its answer to it. */
const INTERRUPT_MS = 10_000;

/** The exit code of a program that SIGINT ended. */
const INTERRUPTED = 130;

/** One execution of a target on one sandbox: what it is, how far it is, and the ways to act on it. */
export class Run implements Disposable {
  readonly id: string;
  readonly target: RunTarget;
  /** The same for the runs that were started together. */
  readonly group: string;
  /** All output that came here. */
  readonly log: RunLog;
  /** It starts without anybody who looks. */
  readonly isBackground: boolean;
  /** Somebody else finds the problems in its output. */
  readonly isMatched: boolean;
  /** When it was asked for, in milliseconds since the epoch; `undefined` for one of an earlier window. */
  readonly queuedAt: number | undefined;
  /** No other run may use the sandbox's folder meanwhile, since outputs would mix. */
  readonly isAlone: boolean;
  /** Which argument set of a sweep it is, counted from 0. */
  readonly setIndex: number | undefined;
  /** When the push before it began, in milliseconds since the epoch. */
  pushedAt: number | undefined;
  /** None before the program starts, or if outputs go to their places in the folder. */
  outputs: OutputPlace | undefined;
  /** How many outputs could not be pulled. */
  leftCount = 0;
  /** The pull did not come to its end, so that nobody knows what is left. */
  isPullFailed = false;
  readonly #output = new Emitter<RunOutput>();
  /** Fires for all that the program writes, as it comes. */
  readonly onDidOutput = this.#output.event;
  readonly #changed = new Emitter<RunState>();
  readonly onDidChangeState = this.#changed.event;
  readonly #size = new Deferred<OutputSink["size"]>();
  readonly #over = new Deferred<RunState>();
  readonly #abort = new AbortController();
  readonly #shows = new SerialQueue();
  /** Lines of ours that nobody has seen yet. */
  readonly #lines: string[] = [];
  #viewer: OutputSink | undefined;
  /** The viewer, once it has what came before. */
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

  /** What was asked for, and what it got once it has a sandbox. */
  get gpu(): GpuRequest | undefined {
    return this.#gpu;
  }

  /** The sandbox it runs on, once there is one. */
  get sandboxKey(): string | undefined {
    return this.#sandboxKey;
  }

  /** True if the sandbox may hold outputs that are nowhere else. */
  get holdsOutputs(): boolean {
    return this.leftCount > 0 || this.isPullFailed;
  }

  /** Aborted by `stop` before the program was started. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Settles with the last state. */
  get over(): Promise<RunState> {
    return this.#over.promise;
  }

  /** The size of where the output is shown; the program waits until it is known. */
  get size(): Promise<OutputSink["size"]> {
    return this.#size.promise;
  }

  /** Shows the run there from now on, and what was so far; settles when that is shown. */
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

  /** Shows it there no more; the run goes on. */
  detach(sink: OutputSink): void {
    if (this.#viewer === sink) this.#viewer = undefined;
    if (this.#receiver === sink) this.#receiver = undefined;
  }

  /** Input for the program; dropped where none is running. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#controls?.write(bytes);
  }

  async endInput(): Promise<void> {
    await this.#controls?.endInput();
  }

  /** As Ctrl+C: interrupts the program, or cancels what comes before it. Once more soon after ends it. */
  async interrupt(): Promise<void> {
    if (!this.#controls) {
      this.#abort.abort();
      return;
    }
    const now = performance.now();
    const isAgain = now - this.#interruptedAt < HURRY_MS;
    this.#interruptedAt = now;
    await (isAgain ? this.#controls.hurry() : this.#controls.interrupt());
  }

  /** Ends the program and what it started; settles when all of it is gone. */
  async stop(): Promise<void> {
    if (isOver(this.#state)) return;
    // It waits for nobody to show it any longer.
    this.#size.resolve(UNSEEN);
    if (!this.#controls) this.#abort.abort();
    this.#isStopped = true;
    await this.#controls?.stop();
  }

  /** True after the user has stopped or interrupted the program: what it reports may be the answer to that. */
  get isStopping(): boolean {
    return this.#isStopped || performance.now() - this.#interruptedAt < INTERRUPT_MS;
  }

  /** For the service: true if the program that has just ended did so because the user wanted it. */
  wasInterrupted(exitCode: number): boolean {
    if (exitCode === 0) return false;
    return this.isStopping || (exitCode === INTERRUPTED && this.#interruptedAt > -Infinity);
  }

  /** For the service that executes the run. */
  enter(state: RunState): void {
    if (isOver(this.#state)) return;
    this.#state = state;
    if (state.kind === "preparing") this.tell(state.step);
    this.#changed.fire(state);
    if (!isOver(state)) return;
    this.#controls = undefined;
    this.#over.resolve(state);
  }

  /** For the service: a line of ours. */
  tell(line: string): void {
    if (this.#viewer) this.#viewer.status(line);
    else this.#lines.push(line);
  }

  /** For the service: shows what the program wrote. Settles when there is room for more. */
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

/** The size for a program whose output nobody looks at. */
const UNSEEN = { columns: 80, rows: 24 };
