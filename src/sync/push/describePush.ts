import { formatBytes, plural } from "../../base/format";
import { visibleText } from "../../base/inertText";
import type { PushResult } from "./pushRequest";

/** Returns a line that summarizes a push. */
export function describePush({ files, bytes, deleted, skipped, conflicts }: PushResult): string {
  const parts = [
    files > 0 ? `Synced ${plural(files, "file")}, ${formatBytes(bytes)}` : deleted > 0 ? "Synced" : "Already in sync",
    ...(deleted > 0 ? [`${deleted.toLocaleString("en-US")} deleted`] : []),
  ];
  const notes = [
    ...(skipped.length > 0 ? [`${skipped.length} skipped`] : []),
    ...(conflicts.length > 0 ? [`kept ${plural(conflicts.length, "file")} that changed in the sandbox`] : []),
  ];
  return parts.join(", ") + (notes.length > 0 ? ` (${notes.join(", ")}; see the log)` : "");
}

/** Returns the push's warnings for the log, a line each. */
export const pushLog = ({ skipped, conflicts }: PushResult): string[] =>
  [
    ...skipped.map(({ path, reason }) => `${path} ${reason}`),
    ...conflicts.map(({ path, keptAs }) =>
      path === keptAs
        ? `${path} was deleted here but changed in the sandbox, so it was kept there`
        : `${path} was changed in the sandbox; what was there is now ${keptAs}`,
    ),
  ]
    .slice(-MOST_LINES)
    .map(visibleText);

/** Nobody reads more than this. */
const MOST_LINES = 2000;
