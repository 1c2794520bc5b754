/** A process in a sandbox, as much of it as a push needs. */
export interface RemoteProcess {
  /** Resolves when the sandbox has taken the bytes, so that a slow one holds the sender back. */
  write(bytes: Uint8Array): Promise<void>;
  closeInput(): Promise<void>;
  /** Everything printed, read from the start so that the process never waits for a reader. */
  readonly output: Promise<{ readonly stdout: string; readonly stderr: string }>;
  readonly exitCode: Promise<number>;
}

/** Starts a process in one sandbox. */
export type Exec = (argv: string[]) => Promise<RemoteProcess>;
