import { relative } from "node:path";
import type { Runnable, Runner, Suite } from "mocha";

/** One test of a suite, or a hook that failed, for `test/run.mjs`. */
export interface TestOutcome {
  /** The built file, relative to the repository's root. */
  readonly file: string;
  readonly title: string;
  readonly result: "passed" | "failed" | "skipped";
  readonly durationMs: number;
  /** Absent where the test did not say why it skips. */
  readonly skipReason?: string;
}

/** Collects the outcomes of a run of Mocha while it runs. */
export function collectOutcomes(runner: Runner, root: string): readonly TestOutcome[] {
  const outcomes: TestOutcome[] = [];
  const add = (runnable: Runnable, result: TestOutcome["result"]) => {
    const skipReason = result === "skipped" ? skipReasonOf(runnable) : undefined;
    outcomes.push({
      file: relative(root, runnable.file ?? ""),
      title: runnable.fullTitle(),
      result,
      durationMs: runnable.duration ?? 0,
      ...(skipReason !== undefined && { skipReason }),
    });
  };
  runner.on("pass", (test) => {
    add(test, "passed");
  });
  runner.on("fail", (test) => {
    add(test, "failed");
  });
  runner.on("pending", (test) => {
    add(test, "skipped");
  });
  return outcomes;
}

/** A hook leaves its reason at its suite, for all tests in it: see `skip`. */
function skipReasonOf(runnable: Runnable): string | undefined {
  for (let at: Runnable | Suite | undefined = runnable; at; at = at.parent)
    if ("skipReason" in at && typeof at.skipReason === "string") return at.skipReason;
  return undefined;
}
