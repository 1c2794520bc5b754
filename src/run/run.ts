import { Deferred } from "../base/async";
import type { Disposable } from "../base/disposable";
import { Emitter } from "../base/event";
import type { GpuRequest } from "../modal/gpus";
import type { RunTarget } from "./target";

/** Where the output of a run goes. A write that is not settled holds the program back. */
export interface OutputSink {
  /** The program's own bytes, unchanged, in the order they came; characters may be split between two writes. */
  write(bytes: Uint8Array, stream: "stdout" | "stderr"): Promise<void>;
  /** A line of ours about what is being done. */
  status(line: string): void;
  readonly size: { readonly columns: number; readonly rows: number };
}

/** Some of the program's own bytes. */
export interface RunOutput {
  readonly bytes: Uint8Array;
  readonly stream: "stdout" | "stderr";
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
  stop(): Promise<void>;
}

/** One execution of a target on one sandbox: what it is, how far it is, and the ways to act on it. */
export class Run implements Disposable {
  readonly id: string;
  readonly target: RunTarget;
  readonly gpu: GpuRequest | undefined;
  /** The same for the runs that were started together. */
  readonly group: string;
  readonly #output = new Emitter<RunOutput>();
  /** Fires for all that the program writes, as it comes. */
  readonly onDidOutput = this.#output.event;
  readonly #changed = new Emitter<RunState>();
  readonly onDidChangeState = this.#changed.event;
  readonly #sink = new Deferred<OutputSink>();
  readonly #over = new Deferred<RunState>();
  readonly #abort = new AbortController();
  #state: RunState = { kind: "preparing", step: "Starting" };
  #sandboxKey: string | undefined;
  #controls: RunControls | undefined;

  constructor({ id, target, gpu, group }: Pick<Run, "id" | "target" | "gpu" | "group">) {
    this.id = id;
    this.target = target;
    this.gpu = gpu;
    this.group = group;
  }

  get state(): RunState {
    return this.#state;
  }

  /** The sandbox it runs on, once there is one. */
  get sandboxKey(): string | undefined {
    return this.#sandboxKey;
  }

  /** Aborted by `stop` before the program was started. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Settles with the last state. */
  get over(): Promise<RunState> {
    return this.#over.promise;
  }

  /** Where the output goes; the program waits until it is known. */
  get sink(): Promise<OutputSink> {
    return this.#sink.promise;
  }

  attach(sink: OutputSink): void {
    this.#sink.resolve(sink);
  }

  /** Input for the program; dropped where none is running. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#controls?.write(bytes);
  }

  async endInput(): Promise<void> {
    await this.#controls?.endInput();
  }

  /** As Ctrl+C: interrupts the program, or cancels what comes before it. */
  async interrupt(): Promise<void> {
    if (this.#controls) await this.#controls.interrupt();
    else this.#abort.abort();
  }

  /** Ends the program and what it started. */
  async stop(): Promise<void> {
    if (isOver(this.#state)) return;
    this.#abort.abort();
    await this.#controls?.stop();
  }

  /** For the service that executes the run. */
  enter(state: RunState): void {
    if (isOver(this.#state)) return;
    this.#state = state;
    if (state.kind === "preparing") {
      const { step } = state;
      void this.sink.then((sink) => {
        sink.status(step);
      });
    }
    this.#changed.fire(state);
    if (!isOver(state)) return;
    this.#controls = undefined;
    this.#over.resolve(state);
  }

  /** For the service: shows what the program wrote. Settles when there is room for more. */
  async show(sink: OutputSink, output: RunOutput): Promise<void> {
    this.#output.fire(output);
    await sink.write(output.bytes, output.stream);
  }

  useSandbox(key: string): void {
    this.#sandboxKey = key;
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
