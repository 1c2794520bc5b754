import type { Readable } from "node:stream";
import { abortable } from "../../base/async";
import { isAbort } from "../../base/errors";
import type { Isolation, IsolatedProcess, IsolatedRoot, ProcessExit } from "../base/isolation";
import type { CallRequest } from "./functionCall";
import CBOR from "./cbor.py";
import MODAL_STAND_IN from "./modalStandIn.py";
import RUNNER from "./runner.py";

/** The code that a runner loads before its first call. */
export interface RunnerSetup {
  /** The app's Python files by name. */
  readonly files: Readonly<Record<string, string>>;
  /** The file that defines the function, without ".py". */
  readonly module: string;
  /** The function, or the class whose methods are called. */
  readonly object: string;
  /** The arguments of the class's constructor, with bytes as base64. */
  readonly parameters: Readonly<Record<string, ParameterValue>>;
}

export type ParameterValue = string | number | boolean | { readonly bytes: string };

export type RunnerReply =
  | { readonly kind: "success"; readonly data: Buffer }
  | { readonly kind: "failure"; readonly exception: string; readonly traceback: string };

const HEADER_BYTES = 8;
const LOAD_TIMEOUT_MS = 5 * 60 * 1000;
const LOG_TAIL_LENGTH = 4000;

/** A Python process in its own root that has one function loaded and runs one call at a time. */
export class Runner {
  readonly #root: IsolatedRoot;
  readonly #process: IsolatedProcess;
  readonly #frames: AsyncGenerator<Frame, void>;
  #log = "";
  #hasEnded = false;
  #print: (data: Uint8Array) => void = () => undefined;

  static async start(
    isolation: Isolation,
    id: string,
    setup: RunnerSetup,
    env: Readonly<Record<string, string>>,
  ): Promise<Runner> {
    const root = await isolation.createRoot({ sandboxId: id });
    try {
      const process = await root.spawn({
        argv: ["python3", "-c", CBOR + MODAL_STAND_IN + RUNNER],
        env: { ...env, PYTHONUNBUFFERED: "1", PYTHONDONTWRITEBYTECODE: "1" },
        workdir: "/workspace",
      });
      const runner = new Runner(root, process);
      await runner.#load(setup);
      return runner;
    } catch (error) {
      await root.dispose();
      throw error;
    }
  }

  private constructor(root: IsolatedRoot, process: IsolatedProcess) {
    this.#root = root;
    this.#process = process;
    this.#frames = readFrames(process.stdout);
    process.stdin.on("error", () => undefined);
    process.stderr.on("data", (data: Buffer) => {
      this.#print(data);
      this.#log = (this.#log + data.toString()).slice(-LOG_TAIL_LENGTH);
    });
    void process.exited.then(() => {
      this.#hasEnded = true;
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** `print` gets the function's output. If the process dies, the call fails. */
  async call(request: CallRequest, print: (data: Uint8Array) => void): Promise<RunnerReply> {
    this.#print = print;
    this.#send({ method: request.method, ...(request.kind === "web" && { query: request.query }) }, request.input);
    const { value: frame } = await this.#frames.next();
    if (!frame) return this.#death(await this.#process.exited);
    const { ok, exception, traceback } = frame.header;
    return ok ? { kind: "success", data: frame.body } : { kind: "failure", exception, traceback };
  }

  async dispose(): Promise<void> {
    this.#hasEnded = true;
    await this.#root.dispose();
  }

  /** If loading fails, every call gets that failure. */
  async #load(setup: RunnerSetup): Promise<void> {
    this.#send(setup, Buffer.alloc(0));
    try {
      await abortable(this.#frames.next(), AbortSignal.timeout(LOAD_TIMEOUT_MS));
    } catch (error) {
      if (isAbort(error))
        throw new Error(`it was not loaded within ${LOAD_TIMEOUT_MS / 1000} seconds.`, { cause: error });
      throw error;
    }
  }

  #send(header: object, body: Uint8Array): void {
    const text = Buffer.from(JSON.stringify(header));
    const lengths = Buffer.alloc(HEADER_BYTES);
    lengths.writeUInt32BE(text.length, 0);
    lengths.writeUInt32BE(body.length, 4);
    this.#process.stdin.write(Buffer.concat([lengths, text, body]));
  }

  #death(exit: ProcessExit): RunnerReply {
    const how = exit.kind === "code" ? `with exit code ${exit.code}` : `by signal ${exit.signal}`;
    return { kind: "failure", exception: `The function's process ended ${how}.`, traceback: this.#log };
  }
}

interface Frame {
  readonly header: { readonly ok: boolean; readonly exception: string; readonly traceback: string };
  readonly body: Buffer;
}

async function* readFrames(stream: Readable): AsyncGenerator<Frame, void> {
  const read = readerOf(stream);
  for (;;) {
    const lengths = await read(HEADER_BYTES);
    const header = lengths && (await read(lengths.readUInt32BE(0)));
    const body = lengths && (await read(lengths.readUInt32BE(4)));
    if (!header || !body) return;
    yield { header: JSON.parse(header.toString()) as Frame["header"], body };
  }
}

/** Reads the given number of bytes at a time. Returns undefined if the stream ends first. */
function readerOf(stream: Readable): (length: number) => Promise<Buffer | undefined> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  let rest: Buffer = Buffer.alloc(0);
  return async (length) => {
    const parts = [rest];
    let received = rest.length;
    while (received < length) {
      // A broken pipe counts as the end.
      const next = await chunks.next().catch(() => undefined);
      if (!next || next.done) return undefined;
      parts.push(next.value);
      received += next.value.length;
    }
    const all = Buffer.concat(parts, received);
    rest = all.subarray(length);
    return all.subarray(0, length);
  };
}
