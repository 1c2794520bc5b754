/**
 * What a push's tar stream holds, in this order: the entries to write under `TREE`, a shell script that looks after
 * what the sandbox has in their place (`checks.ts`), one that gives the folders their modes, then the mark without which the receiver discards everything. tar itself cannot tell a stream
 * that was cut between two entries from a whole one.
 */
export const TREE = "tree";
export const CHECKS = "checks";
export const MODES = "modes";
export const MARK = "mark";
export const MARK_TEXT = "complete";
