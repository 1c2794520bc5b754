import { formatDuration } from "../base/format";
import { timeLeftMs, type RunningSandbox } from "../sandboxes/sandbox";

/** So little is worth a word whatever is run. */
const SHORT_MS = 10 * 60_000;

/** What to say before a run that its sandbox may not outlive; nothing where there is time enough. */
export function lifetimeNotice(
  sandbox: RunningSandbox,
  now: number,
  lastRunMs: number | undefined,
): string | undefined {
  const leftMs = timeLeftMs(sandbox, now);
  if (leftMs === undefined) return undefined;
  const left = formatDuration(Math.max(0, leftMs));
  if (lastRunMs !== undefined && lastRunMs > leftMs)
    return `The sandbox ends in ${left}, and the last run of this took ${formatDuration(lastRunMs)}: it may be cut off`;
  return leftMs < SHORT_MS ? `The sandbox ends in ${left}: a run that takes longer is cut off` : undefined;
}
