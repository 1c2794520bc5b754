/** The part of a process in a sandbox that a push uses. */
export interface RemoteProcess {
  /** Resolves when the sandbox has accepted the bytes, so that a slow sandbox slows down the sender. */
  write(bytes: Uint8Array): Promise<void>;
  closeInput(): Promise<void>;
  /** The complete output, read from the start so that the process never waits for a reader. */
  readonly output: Promise<{ readonly stdout: string; readonly stderr: string }>;
  readonly exitCode: Promise<number>;
}

/** Starts a process in one sandbox. */
export type Exec = (argv: string[]) => Promise<RemoteProcess>;
