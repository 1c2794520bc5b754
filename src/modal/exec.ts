import type { ContainerProcess } from "modal";
import { abortable } from "../base/async";
import { messageOf, UserError } from "../base/errors";
import { Emitter } from "../base/event";
import { formatBytes } from "../base/format";
import type { Connection } from "./connection";
import { isNotFound, sandboxGone, translate, translated } from "./errors";
import { InputStream } from "./inputStream";

export interface ExecOptions {
  /** An absolute path that exists. */
  readonly workdir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A terminal of 24 × 80 instead of pipes: all output comes on `stdout`. */
  readonly pty?: boolean;
  /** A check by the extension itself. It resets Modal's idle timer like any program, but does not count as use. */
  readonly isProbe?: boolean;
}

export interface StartedProcess {
  readonly sandboxId: string;
  readonly isProbe: boolean;
  /** Settles when the process has ended for any reason. */
  readonly finished: Promise<void>;
}

/** A process in a sandbox. Read both outputs, or the process may stall. */
export interface RemoteProcess {
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  /** The exit code, or 128 plus the number of the signal that ended the program. Rejects if the sandbox is lost. */
  readonly exitCode: Promise<number>;
  write(bytes: Uint8Array): Promise<void>;
  closeInput(): Promise<void>;
  /** For large input, instead of `write` and `closeInput`. */
  streamInput(): InputStream;
}

/** Starts programs in sandboxes. Arguments are passed as they are, never through a shell, and total at most 64 KiB. */
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
    this.#started.fire({ sandboxId, isProbe: options.isProbe ?? false, finished: started.exitCode.then(end, end) });
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

  /** After a failed write, the stream can no longer be closed, but the process must still see the end of its input. */
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

/** Settles as `work` does, or rejects with the reason why the server is lost. */
async function unlessLost<T>(work: Promise<T>, lost: AbortSignal): Promise<T> {
  try {
    return await abortable(work, lost);
  } catch (error) {
    throw lost.aborted ? lost.reason : error;
  }
}

/** The SDK reports a vanished sandbox in several ways. */
const endOf = (error: unknown) =>
  isNotFound(error) || /sandbox .*(terminated|not running|finished)/i.test(messageOf(error))
    ? sandboxGone(error)
    : translate(error);

/** Waits for a short command and returns its output. */
export async function collect(process: RemoteProcess): Promise<{ stdout: string; stderr: string; exitCode: number }> {
  const [output, exitCode] = await Promise.all([collectOutput(process), process.exitCode, process.closeInput()]);
  return { ...output, exitCode };
}

/**
 * Returns everything that a process prints. Throws a `UserError` if that is more than any of our commands prints, since
 * the sandbox's own tools may print without end.
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
