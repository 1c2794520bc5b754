import { formatDuration } from "../base/format";
import { timeLeftMs, type RunningSandbox } from "../sandboxes/sandbox";

/** So little time left is always worth a notice. */
const SHORT_MS = 10 * 60_000;

/** Returns a notice for a run that may outlive its sandbox, `undefined` if there is enough time. */
export function lifetimeNotice(
  sandbox: RunningSandbox,
  now: number,
  lastRunMs: number | undefined,
): string | undefined {
  const leftMs = timeLeftMs(sandbox, now);
  if (leftMs === undefined) return undefined;
  const left = formatDuration(Math.max(0, leftMs));
  if (lastRunMs !== undefined && lastRunMs > leftMs)
    return `The sandbox ends in ${left}, and the last run of this took ${formatDuration(lastRunMs)}, so this run may be cut off`;
  return leftMs < SHORT_MS ? `The sandbox ends in ${left}. A longer run is cut off` : undefined;
}
