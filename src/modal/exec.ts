import type { ContainerProcess } from "modal";
import { abortable } from "../base/async";
import { messageOf, UserError } from "../base/errors";
import { Emitter } from "../base/event";
import { formatBytes } from "../base/format";
import type { Connection } from "./connection";
import { isNotFound, sandboxGone, translate, translated } from "./errors";
import { InputStream } from "./inputStream";

export interface ExecOptions {
  /** Absolute; it must exist. */
  readonly workdir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A terminal of 24 × 80 instead of pipes: all output comes on `stdout`. */
  readonly pty?: boolean;
  /** A look by the extension itself. It keeps the sandbox from idling like any program, yet nobody uses it by that. */
  readonly isProbe?: boolean;
}

export interface StartedProcess {
  readonly sandboxId: string;
  readonly isProbe: boolean;
  /** Settles when it has ended, in whatever way. */
  readonly over: Promise<void>;
}

/** A process in a sandbox. Both outputs must be read, or the process may stall. */
export interface RemoteProcess {
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  /** The program's exit code, 128 + the number of the signal that ended it; rejects if the sandbox is lost. */
  readonly exitCode: Promise<number>;
  write(bytes: Uint8Array): Promise<void>;
  closeInput(): Promise<void>;
  /** For much input at once, instead of `write` and `closeInput`. */
  streamInput(): InputStream;
}

/** Starts programs in sandboxes. Arguments are passed as they are, never through a shell; 64 KiB at most in all. */
export class ExecGateway {
  readonly #connection: Connection;
  readonly #started = new Emitter<StartedProcess>();
  readonly onDidStartProcess = this.#started.event;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async exec(
    sandboxId: string,
    argv: readonly string[],
    options: ExecOptions,
    signal: AbortSignal,
  ): Promise<RemoteProcess> {
    signal.throwIfAborted();
    const sandbox = await this.#connection.sandbox(sandboxId, signal);
    const { workdir, env, pty } = options;
    const process = await translated(
      sandbox.exec([...argv], {
        mode: "binary",
        ...(workdir !== undefined && { workdir }),
        ...(env && { env: { ...env } }),
        ...(pty && { pty }),
      }),
    );
    const started = new SdkProcess(process, await this.#connection.lost(signal));
    const end = () => undefined;
    this.#started.fire({ sandboxId, isProbe: options.isProbe ?? false, over: started.exitCode.then(end, end) });
    return started;
  }
}

class SdkProcess implements RemoteProcess {
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  readonly exitCode: Promise<number>;
  readonly #process: ContainerProcess<Uint8Array>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  constructor(process: ContainerProcess<Uint8Array>, lost: AbortSignal) {
    this.#process = process;
    this.#input = process.stdin.getWriter();
    this.#input.closed.catch(() => undefined);
    this.stdout = reading(process.stdout);
    this.stderr = reading(process.stderr);
    this.exitCode = unlessLost(process.wait(), lost).catch((error: unknown) => {
      throw endOf(error);
    });
    this.exitCode.catch(() => undefined);
  }

  async write(bytes: Uint8Array): Promise<void> {
    await translated(this.#input.write(bytes));
  }

  /** After a failed write the stream cannot be closed any more, yet the process must still see the end of its input. */
  async closeInput(): Promise<void> {
    try {
      await this.#input.close();
    } catch {
      await translated(this.#process.closeStdin());
    }
  }

  streamInput(): InputStream {
    return new InputStream(this.#process);
  }
}

async function* reading(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) yield chunk;
  } catch (error) {
    throw endOf(error);
  }
}

/** Settles as `work` does, or rejects with the reason for which the server is lost. */
async function unlessLost<T>(work: Promise<T>, lost: AbortSignal): Promise<T> {
  try {
    return await abortable(work, lost);
  } catch (error) {
    throw lost.aborted ? lost.reason : error;
  }
}

/** A process whose sandbox vanished is reported in many ways. */
const endOf = (error: unknown) =>
  isNotFound(error) || /sandbox .*(terminated|not running|finished)/i.test(messageOf(error))
    ? sandboxGone(error)
    : translate(error);

/** Runs a short command to its end and returns what it printed. */
export async function collect(process: RemoteProcess): Promise<{ stdout: string; stderr: string; exitCode: number }> {
  const [output, exitCode] = await Promise.all([collectOutput(process), process.exitCode, process.closeInput()]);
  return { ...output, exitCode };
}

/**
 * Returns everything that a process prints. Throws a `UserError` once that is more than any of our commands prints: its
 * tools are the sandbox's, which may print without end.
 */
export async function collectOutput(
  process: RemoteProcess,
  maxStdoutBytes = MAX_STDOUT_BYTES,
): Promise<{ stdout: string; stderr: string }> {
  const [stdout, stderr] = await Promise.all([
    text(process.stdout, maxStdoutBytes),
    text(process.stderr, MAX_STDERR_BYTES),
  ]);
  return { stdout, stderr };
}

const MAX_STDOUT_BYTES = 16 * 1024 * 1024;
const MAX_STDERR_BYTES = 8 * 1024 * 1024;

async function text(stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let result = "";
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw printsTooMuch(maxBytes);
    result += decoder.decode(chunk, { stream: true });
  }
  return result + decoder.decode();
}

const printsTooMuch = (maxBytes: number): UserError =>
  new UserError(
    `A command in the sandbox printed more than ${formatBytes(maxBytes)}, so it was not waited for. Check what the sandbox has in place of its shell and tools, or use another one.`,
  );
