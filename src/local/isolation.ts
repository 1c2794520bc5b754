import type { Duplex, Readable, Writable } from "node:stream";

/** How strongly this machine keeps a sandbox apart, strongest first. */
export type IsolationKind = "overlay" | "privateRoot" | "directory";

/** The operating system's side of the backend: roots and processes, nothing of Modal's protocol. */
export interface Isolation {
  readonly kind: IsolationKind;
  /** One sentence for the log and the UI. */
  readonly description: string;
  /** A root of its own, ready for processes. Rejects with a sentence if the machine refuses. */
  createRoot(options: RootOptions): Promise<IsolatedRoot>;
  /** Ends every process, mount and folder of every root. */
  dispose(): Promise<void>;
}

export interface RootOptions {
  readonly sandboxId: string;
  readonly blockNetwork: boolean;
}

export interface IsolatedRoot {
  /** Starts a process inside; rejects with code `ENOENT` where the program or the working directory does not exist. */
  spawn(options: SpawnOptions): Promise<IsolatedProcess>;
  /** A connection to what listens on `port` inside. Rejects with `ECONNREFUSED` where nothing does. */
  connect(port: number): Promise<Duplex>;
  /** When the root is lost, or was disposed: nothing runs in it any more. */
  readonly ended: Promise<void>;
  /** Kills every process inside and removes the root. */
  dispose(): Promise<void>;
}

export interface SpawnOptions {
  readonly argv: readonly [string, ...string[]];
  /** Added to the sandbox's base environment (PATH, HOME, LANG …). */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute, inside the root; it is not created. */
  readonly workdir: string;
  /** A terminal instead of pipes: all output comes on `stdout`. */
  readonly pty?: { readonly rows: number; readonly columns: number; readonly term: string };
}

export interface IsolatedProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** When the process itself ended, whether or not its output has been read to the end. */
  readonly exited: Promise<ProcessExit>;
  /** Signals the process and whatever it started. */
  kill(signal: NodeJS.Signals): void;
}

export type ProcessExit =
  { readonly kind: "code"; readonly code: number } | { readonly kind: "signal"; readonly signal: number };
