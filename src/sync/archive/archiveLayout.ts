/**
 * The layout of a push's tar stream, in this order: the entries to write under `TREE`, a shell script for each target
 * that protects what the sandbox has in their place (`checks.ts`), a shell script that sets the folders' modes, and a
 * mark. The receiver discards a stream without the mark, because tar itself cannot tell a stream that was cut between
 * two entries from a complete one.
 */
export const TREE = "tree";
/** @param nth the target's index among those that receive the archive */
export const checksName = (nth: number): string => `checks-${nth}`;
export const MODES = "modes";
export const MARK = "mark";
export const MARK_TEXT = "complete";
