/**
 * The parts of a push's tar stream, in this order: the entries to write under `TREE`, for each target a shell script that
 * looks after what the sandbox has in their place (`checks.ts`), one that gives the folders their modes, then the mark
 * without which the receiver discards everything. tar itself cannot tell a stream that was cut between two entries from a
 * complete one.
 */
export const TREE = "tree";
/** @param nth the number of a target among those that get the archive */
export const checksName = (nth: number): string => `checks-${nth}`;
export const MODES = "modes";
export const MARK = "mark";
export const MARK_TEXT = "complete";
