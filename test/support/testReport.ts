import { relative } from "node:path";
import type { Runnable, Runner, Suite } from "mocha";

/** One test of a suite, or a hook that failed, for `test/run.mjs`. */
export interface TestOutcome {
  /** The built file, relative to the repository's root. */
  readonly file: string;
  readonly title: string;
  readonly result: "passed" | "failed" | "skipped";
  readonly durationMs: number;
  /** Absent if the test did not say why it was skipped. */
  readonly skipReason?: string;
  /** True if the test failed first and passed when it was tried again. */
  readonly isFlaky?: boolean;
}

/** More flaky tests than this fail a run. `.ci/run` holds all of its conditions together to the same number. */
const MAX_FLAKY = 2;

/** Collects the outcomes of a run of Mocha while it runs. */
export function collectOutcomes(runner: Runner, root: string): readonly TestOutcome[] {
  const outcomes: TestOutcome[] = [];
  const retried = new Set<string>();
  const add = (runnable: Runnable, result: TestOutcome["result"]) => {
    const skipReason = result === "skipped" ? skipReasonOf(runnable) : undefined;
    outcomes.push({
      file: relative(root, runnable.file ?? ""),
      title: runnable.fullTitle(),
      result,
      durationMs: runnable.duration ?? 0,
      ...(skipReason !== undefined && { skipReason }),
      ...(result === "passed" && retried.has(runnable.fullTitle()) && { isFlaky: true }),
    });
  };
  runner.on("retry", (test: Runnable) => retried.add(test.fullTitle()));
  runner.on("pass", (test) => add(test, "passed"));
  runner.on("fail", (test) => add(test, "failed"));
  runner.on("pending", (test) => add(test, "skipped"));
  return outcomes;
}

/** The line that counts tests, without the counts that are zero, except those of passed and failed tests. */
export function countsText(outcomes: readonly TestOutcome[]): string {
  const count = (result: TestOutcome["result"]) => outcomes.filter((outcome) => outcome.result === result).length;
  const others = { skipped: count("skipped"), flaky: flakyTests(outcomes).length };
  const shown = Object.entries(others).filter(([, number]) => number > 0);
  return [
    `${count("passed")} passed`,
    `${count("failed")} failed`,
    ...shown.map(([name, number]) => `${number} ${name}`),
  ].join(", ");
}

/** The flaky tests count as passed, too. */
export const flakyTests = (outcomes: readonly TestOutcome[]): readonly TestOutcome[] =>
  outcomes.filter(({ isFlaky }) => isFlaky);

/** The sentence that fails a run with more flaky tests than the limit. */
export function tooFlaky(outcomes: readonly TestOutcome[]): string | undefined {
  const isTooFlaky = flakyTests(outcomes).length > MAX_FLAKY;
  return isTooFlaky ? `More than ${MAX_FLAKY} tests are flaky, which fails the run.` : undefined;
}

/** A hook leaves its reason at its suite, for all tests in it: see `skip`. */
function skipReasonOf(runnable: Runnable): string | undefined {
  for (let at: Runnable | Suite | undefined = runnable; at; at = at.parent)
    if ("skipReason" in at && typeof at.skipReason === "string") return at.skipReason;
  return undefined;
}
