import type { Duplex, Readable, Writable } from "node:stream";

/** How strongly this machine keeps a sandbox apart, strongest first. */
export type IsolationKind = "overlay" | "privateRoot" | "directory";

/** The operating system's side of the backend: roots and processes, nothing of Modal's protocol. */
export interface Isolation {
  readonly kind: IsolationKind;
  /** One sentence for the log and the UI. */
  readonly description: string;
  /**
   * Whether a layer holds only what differs from the layers below it, or all that a root of its own starts with. Layers
   * of one way cannot be used in the other.
   */
  readonly layering: "stacked" | "copied";
  readonly network: NetworkKind;
  /** A folder that is gone when the server is, however it ends. */
  readonly scratch: string;
  /** A root of its own, ready for processes. Rejects with a sentence if the machine refuses. */
  createRoot(options: RootOptions): Promise<IsolatedRoot>;
  /** Ends every process, mount and folder of every root. */
  dispose(): Promise<void>;
}

/** Who has a network of its own: every sandbox, only one that may reach nothing, or none. */
export type NetworkKind = "own" | "ownIfClosed" | "shared";

/** What may be reached; empty lists are nothing. */
export interface Allowlist {
  readonly cidrs: readonly string[];
  readonly domains: readonly string[];
}

export interface RootOptions {
  readonly sandboxId: string;
  /** Undefined: anything. Kept where there is a network of its own. */
  readonly allowlist?: Allowlist | undefined;
  readonly limits?: Limits;
  /** Folders of earlier roots' changes, lowest first. */
  readonly layers?: readonly string[];
}

/** What a sandbox may use at most; kept as far as the machine can, see `Isolation.description`. */
export interface Limits {
  readonly cpus?: number | undefined;
  readonly memoryBytes?: number | undefined;
}

export interface IsolatedRoot {
  /** Starts a process inside; rejects with code `ENOENT` where the program or the working directory does not exist. */
  spawn(options: SpawnOptions): Promise<IsolatedProcess>;
  /** A connection to what listens on `port` inside. Rejects with `ECONNREFUSED` where nothing does. */
  connect(port: number): Promise<Duplex>;
  /** When the root is lost, or was disposed: nothing runs in it any more. */
  readonly ended: Promise<void>;
  /**
   * Makes `layer`, a folder, of what differs from the layers beneath the root. It may itself be one of those afterwards,
   * instead of a copy.
   */
  saveChanges(layer: string): Promise<"copied" | "beneath">;
  /** Whether another root upon the same files could take its place unnoticed, and would be made sooner than a copy. */
  isAtRest?(): Promise<boolean>;
  /** Makes `layer`, a folder, of a folder inside; rejects with code `ENOENT` where there is none. */
  saveFolder(path: string, layer: string): Promise<void>;
  /** Shows layers at a path inside, which is made where it is missing, under a layer that takes all writes. */
  mount(options: MountOptions): Promise<IsolatedMount>;
  /**
   * From now on programs inside may connect to these places only, and what is open to others ends. Rejects with a
   * sentence where the root cannot be kept to that.
   */
  setAllowlist(allowlist: Allowlist): Promise<void>;
  /** True if a process inside has the socket with this inode open, on a machine with `/proc`. */
  holdsSocket(inode: string): Promise<boolean>;
  /** Every process inside, as it is now; absent where they cannot be told from the machine's others. */
  processes?(): readonly ProcessUsage[];
  /** Kills every process inside. What they have written stays until the root is disposed. */
  stop(): Promise<void>;
  /** Kills every process inside and removes the root. */
  dispose(): Promise<void>;
}

export interface ProcessUsage {
  /** No other process will ever have it. */
  readonly id: string;
  readonly pid: number;
  readonly parentPid: number;
  /** Its own, and that of the children whose end it has seen. */
  readonly cpuNanoseconds: number;
  readonly memoryBytes: number;
}

export interface MountOptions {
  /** Absolute, inside the root. */
  readonly path: string;
  /** Lowest first. */
  readonly folders: readonly string[];
  readonly readOnly: boolean;
}

export interface IsolatedMount {
  /** Where the writes of this mount go. */
  readonly folder: string;
  /** Whether there is all that it shows, or what was changed, with a character device 0:0 for each thing removed. */
  readonly holds: "everything" | "changes";
  /** Those folders among the changes that hide all that was there under their names, also once the root has stopped. */
  replacedFolders(): Promise<ReadonlySet<string>>;
  /** Rejects with code `EBUSY` while a process uses it. */
  unmount(): Promise<void>;
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
