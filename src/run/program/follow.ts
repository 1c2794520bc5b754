import { delay } from "../../base/async";
import { isConnectionLost } from "../../modal/errors";
import type { RemoteProcess } from "../../modal/exec";
import type { RunOutput } from "../output/runOutput";
import type { Seen } from "./supervisor";

export interface FollowOptions {
  /** Opens a connection that shows the output from `seen` on. */
  readonly attach: (seen: Seen) => Promise<RemoteProcess>;
  /** Resolves when more output can be accepted. */
  readonly show: (output: RunOutput) => Promise<void>;
  /** True if a broken connection should be opened again. */
  readonly mayTryAgain: () => boolean;
  /** Called after the connection broke, before it is opened again. */
  readonly onLost: () => void;
}

/**
 * Shows all output of a program exactly once, over any number of connections. Returns its exit code when all output has
 * been shown. Rejects if the program itself is lost.
 */
export async function follow({ attach, show, mayTryAgain, onLost }: FollowOptions): Promise<number> {
  const seen = { stdout: 0, stderr: 0 };
  for (let failures = 0; ; failures++) {
    try {
      return await pump(await attach(seen), async (output) => {
        failures = 0;
        seen[output.stream] += output.bytes.length;
        await show(output);
      });
    } catch (error) {
      if (!isConnectionLost(error) || !mayTryAgain()) throw error;
      if (failures === 0) onLost();
      await delay(Math.min(FIRST_DELAY_MS * 2 ** failures, MAX_DELAY_MS));
    }
  }
}

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 10_000;

/**
 * Shows one connection's output. If one stream fails, nothing more of the other is shown: the next connection shows it.
 */
async function pump(process: RemoteProcess, show: (output: RunOutput) => Promise<void>): Promise<number> {
  const failed = new AbortController();
  const forward = async (stream: RunOutput["stream"]) => {
    for await (const bytes of process[stream]) {
      if (stream === "stderr" && isTraceback(bytes)) await delay(BEHIND_MS);
      if (failed.signal.aborted) return;
      await show({ bytes, stream });
    }
  };
  try {
    const [exitCode] = await Promise.all([process.exitCode, forward("stdout"), forward("stderr")]);
    return exitCode;
  } finally {
    failed.abort();
  }
}

/** The output before a failure is on a separate stream, which may arrive this much later. */
const BEHIND_MS = 100;

/** Only tracebacks wait for the other stream. Other programs that alternate between streams are not delayed. */
const isTraceback = (bytes: Uint8Array): boolean =>
  bytes.length < 16 * 1024 && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(TRACEBACK);

const TRACEBACK = "Traceback (most recent call last):";
