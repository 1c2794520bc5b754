import { delay } from "../../base/async";
import { isConnectionLost } from "../../modal/errors";
import type { RemoteProcess } from "../../modal/exec";
import type { RunOutput } from "../output/runOutput";
import type { Seen } from "./supervisor";

export interface FollowOptions {
  /** Opens the output from a place on. */
  readonly attach: (seen: Seen) => Promise<RemoteProcess>;
  /** Settles when there is room for more. */
  readonly show: (output: RunOutput) => Promise<void>;
  /** Whether a connection that broke is to be opened again. */
  readonly mayTryAgain: () => boolean;
  /** It broke, and is about to be. */
  readonly onLost: () => void;
}

/**
 * Shows what a program writes, every byte once and over as many connections as it takes, and returns its exit code when
 * all is shown. Rejects where the program itself is lost.
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

/** Once one part fails nothing more of the others is shown: the next connection brings it. */
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

/** What was printed before a program failed is on a stream of its own, which may be so much behind. */
const BEHIND_MS = 100;

/** A program that writes one after the other is not held up for each. */
const isTraceback = (bytes: Uint8Array): boolean =>
  bytes.length < 16 * 1024 && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(TRACEBACK);

const TRACEBACK = "Traceback (most recent call last):";
