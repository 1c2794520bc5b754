import { delay } from "../base/async";
import type { RemoteProcess } from "../modal/exec";
import type { OutputSink, RunOutput } from "./run";

/** After the program's end its output is read until it ends too, or nothing came for so long. */
const DRAIN_IDLE_MS = 2000;
const DRAIN_CHECK_MS = 200;

/** There is no terminal at the other end, so the program is told what it would have found out from one. */
export const programEnvironment = ({ size }: OutputSink): Record<string, string> => ({
  TERM: "xterm-256color",
  COLORTERM: "truecolor",
  FORCE_COLOR: "1",
  CLICOLOR_FORCE: "1",
  PYTHONUNBUFFERED: "1",
  COLUMNS: String(size.columns),
  LINES: String(size.rows),
});

/** Shows both outputs as they come; returns the exit code when all of it is there. */
export async function pump(process: RemoteProcess, show: (output: RunOutput) => Promise<void>): Promise<number> {
  const activity = { at: performance.now() };
  const forward = async (stream: "stdout" | "stderr") => {
    for await (const bytes of process[stream]) {
      await show({ bytes, stream });
      activity.at = performance.now();
    }
  };
  const drained = Promise.all([forward("stdout"), forward("stderr")]);
  drained.catch(() => undefined);

  const exitCode = await process.exitCode;
  activity.at = performance.now();
  const left = new AbortController();
  try {
    await Promise.race([drained, idle(activity, left.signal)]);
  } finally {
    left.abort();
  }
  return exitCode;
}

/** A child that the program left behind may hold its output open for ever. */
async function idle(activity: { readonly at: number }, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && performance.now() - activity.at < DRAIN_IDLE_MS) await delay(DRAIN_CHECK_MS);
}
