/** How the user stopped a program: at its terminal, or by terminating its sandbox. */
export type StoppedBy = "interrupt" | "termination";

export type RunOutcome = "done" | "failed" | "interrupted" | "terminated";

export interface ProgramEnd {
  readonly exitCode: number;
  /** Absent if the program ended by itself, or with exit code 0. */
  readonly stoppedBy?: StoppedBy;
}

/** A program that the user stopped has not failed. */
export function outcomeOf({ exitCode, stoppedBy }: ProgramEnd): RunOutcome {
  if (stoppedBy === "termination") return "terminated";
  if (exitCode === 0) return "done";
  return stoppedBy === "interrupt" ? "interrupted" : "failed";
}

/** Returns "done", "interrupted", "terminated" or "exit code 3". */
export function outcomeText(end: ProgramEnd): string {
  const outcome = outcomeOf(end);
  return outcome === "failed" ? `exit code ${end.exitCode}` : outcome;
}

export const isStoppedBy = (value: unknown): value is StoppedBy => value === "interrupt" || value === "termination";
