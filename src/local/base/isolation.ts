import type { Duplex, Readable, Writable } from "node:stream";

/** The levels of isolation that a machine can offer, strongest first. */
export type IsolationKind = "overlay" | "privateRoot" | "directory";

/** The operating system's side of the backend: roots and processes. It knows nothing about Modal's protocol. */
export interface Isolation {
  readonly kind: IsolationKind;
  /** One sentence for the log and the UI. */
  readonly description: string;
  /**
   * "stacked" if a layer holds only its differences from the layers below it; "copied" if it holds everything that a
   * root starts with. A layer of one kind cannot be used as the other.
   */
  readonly layering: "stacked" | "copied";
  readonly network: NetworkKind;
  /** A folder that disappears with the server, however the server ends. */
  readonly scratch: string;
  /** Creates a root that is ready for processes. Rejects with a message for the user if the machine refuses. */
  createRoot(options: RootOptions): Promise<IsolatedRoot>;
  /** Ends every process, mount and folder of every root. */
  dispose(): Promise<void>;
}

/** The sandboxes that have their own network: all of them, only those with an empty allowlist, or none. */
export type NetworkKind = "own" | "ownIfClosed" | "shared";

/** The destinations that may be reached. Empty lists allow nothing. */
export interface Allowlist {
  readonly cidrs: readonly string[];
  readonly domains: readonly string[];
}

export interface RootOptions {
  readonly sandboxId: string;
  /** Undefined allows every destination. Enforced only if the sandbox has its own network. */
  readonly allowlist?: Allowlist | undefined;
  readonly limits?: Limits;
  /** Folders of earlier roots' changes, lowest first. */
  readonly layers?: readonly string[];
}

/** The most that a sandbox may use. Enforced as far as the machine can, see `Isolation.description`. */
export interface Limits {
  readonly cpus?: number | undefined;
  readonly memoryBytes?: number | undefined;
}

export interface IsolatedRoot {
  /** Starts a process inside. Rejects with code `ENOENT` if the program or the working directory does not exist. */
  spawn(options: SpawnOptions): Promise<IsolatedProcess>;
  /** Connects to a server on `port` inside. Rejects with `ECONNREFUSED` if nothing listens there. */
  connect(port: number): Promise<Duplex>;
  /** Resolves when the root is lost or disposed, so that nothing runs in it. */
  readonly ended: Promise<void>;
  /**
   * Fills the folder `layer` with the differences from the layers beneath the root. Afterward the root may use that
   * folder as one of its own layers, instead of a copy.
   */
  saveChanges(layer: string): Promise<"copied" | "beneath">;
  /** True if another root on the same files could replace this one unnoticed, and would take less time than a copy. */
  isAtRest?(): Promise<boolean>;
  /** Fills the folder `layer` with a folder inside. Rejects with code `ENOENT` if that folder does not exist. */
  saveFolder(path: string, layer: string): Promise<void>;
  /** Shows layers at a path inside, below a layer that takes all writes. Creates the path if it is missing. */
  mount(options: MountOptions): Promise<IsolatedMount>;
  /**
   * From now on, programs inside may connect only to these destinations; open connections to others are closed. Rejects
   * with a message for the user if this root cannot enforce the list.
   */
  setAllowlist(allowlist: Allowlist): Promise<void>;
  /** True if a process inside has the socket with this inode open, on a machine with `/proc`. */
  holdsSocket(inode: string): Promise<boolean>;
  /** All processes inside at this moment. Absent if they cannot be distinguished from the machine's other processes. */
  processes?(): readonly ProcessUsage[];
  /** Kills every process inside. The files they wrote stay until the root is disposed. */
  stop(): Promise<void>;
  /** Kills every process inside and removes the root. */
  dispose(): Promise<void>;
}

export interface ProcessUsage {
  /** Never reused for another process. */
  readonly id: string;
  readonly pid: number;
  readonly parentPid: number;
  /** The process's own time, plus that of the children it has waited for. */
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
  /** The folder that receives this mount's writes. */
  readonly folder: string;
  /**
   * The content of `folder`: everything that the mount shows, or only the changes, with a character device 0:0 for each
   * removed entry.
   */
  readonly holds: "everything" | "changes";
  /** The changed folders that hide all earlier content under their names. Also works after the root has stopped. */
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
  /** Resolves when the process itself has ended, even if its output has not been read to the end. */
  readonly exited: Promise<ProcessExit>;
  /** Signals the process and its descendants. */
  kill(signal: NodeJS.Signals): void;
}

export type ProcessExit =
  { readonly kind: "code"; readonly code: number } | { readonly kind: "signal"; readonly signal: number };
