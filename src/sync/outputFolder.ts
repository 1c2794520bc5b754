/**
 * The folder in a run's remote folder that `MODAL_SANDBOXES_OUTPUT_DIR` names. What is in it comes back even if a rule
 * ignores it.
 */
export const OUTPUT_FOLDER = "outputs";

/** The file in a folder of a group's outputs that keeps the folder out of every push. */
export const RESULTS_MARKER = ".modal-results";

/** What a run was and how it ended, next to its outputs; the second name is for a run that made a file of the first. */
export const RUN_SUMMARY = "run.json";
export const SECOND_RUN_SUMMARY = "modal-run.json";
