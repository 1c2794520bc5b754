import { lstatSync, readFileSync } from "node:fs";

import { isObject } from "../../base/guards";

/**
 * The folder in a run's remote folder that `MODAL_SANDBOXES_OUTPUT_DIR` names. What is in it comes back even if a rule
 * ignores it. The name is one that no program makes by itself: `mkdir outputs` must not fail in a sandbox alone.
 */
export const OUTPUT_FOLDER = "modal-outputs";

/** The file in a folder of a group's outputs that keeps the folder out of every push. */
export const RESULTS_MARKER = ".modal-results";

/** What a run was and how it ended, next to its outputs; the second name is for a run that made a file of the first. */
export const RUN_SUMMARY = "run.json";
export const SECOND_RUN_SUMMARY = "modal-run.json";

/** True if the file is the summary of that run. Blocks, for a small file. */
export function isSummaryOf(path: string, runId: string): boolean {
  try {
    const stats = lstatSync(path);
    if (!stats.isFile() || stats.size > MAX_SUMMARY_BYTES) return false;
    const there: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isObject(there) && there.runId === runId;
  } catch {
    return false;
  }
}

const MAX_SUMMARY_BYTES = 4 * 1024 * 1024;
