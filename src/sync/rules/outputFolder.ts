import { lstatSync, readFileSync } from "node:fs";

import { isObject } from "../../base/guards";

/**
 * The folder in a run's remote folder that `MODAL_SANDBOXES_OUTPUT_DIR` names. Its content is pulled even if a rule
 * ignores it. The name is one that no program uses: `mkdir outputs` must not fail only in a sandbox.
 */
export const OUTPUT_FOLDER = "modal-outputs";

/** The file that excludes a folder of a group's outputs from every push. */
export const RESULTS_MARKER = ".modal-results";

/**
 * The summary of a run and its result, next to its outputs. The second name is used if the run created a file with the
 * first.
 */
export const RUN_SUMMARY = "run.json";
export const SECOND_RUN_SUMMARY = "modal-run.json";

/** True if the file is the summary of that run. Synchronous, but the file is small. */
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
