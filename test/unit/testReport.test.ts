import assert from "node:assert/strict";
import Mocha, { describe, it } from "mocha";

import { collectOutcomes, countsText, flakyTests, tooFlaky, type TestOutcome } from "../support/testReport";

describe("the report of a test run", () => {
  it("counts a test as flaky if it passes only on its second try", async () => {
    let tries = 0;
    const outcomes = await outcomesOf({
      "passes on its second try": () => {
        tries += 1;
        assert.equal(tries, 2);
      },
      "passes on its first try": () => undefined,
      "fails on both tries": () => assert.fail(),
    });
    assert.deepEqual(
      flakyTests(outcomes).map(({ title }) => title),
      ["passes on its second try"],
    );
    assert.equal(countsText(outcomes), "2 passed, 1 failed, 1 flaky");
  });

  it("counts skipped and flaky tests only if there are some", () => {
    const outcome = (result: TestOutcome["result"]): TestOutcome => ({ file: "", title: "", result, durationMs: 0 });
    const passed = [outcome("passed"), outcome("passed")];
    assert.equal(countsText(passed), "2 passed, 0 failed");
    assert.equal(countsText([...passed, outcome("skipped")]), "2 passed, 0 failed, 1 skipped");
    const flaky = { ...outcome("passed"), isFlaky: true };
    assert.equal(countsText([...passed, outcome("skipped"), flaky]), "3 passed, 0 failed, 1 skipped, 1 flaky");
  });

  it("fails a run with more than two flaky tests", () => {
    const flaky = (title: string): TestOutcome => ({ file: "", title, result: "passed", durationMs: 0, isFlaky: true });
    assert.equal(tooFlaky([flaky("a"), flaky("b")]), undefined);
    assert.match(tooFlaky([flaky("a"), flaky("b"), flaky("c")]) ?? "", /More than 2 tests are flaky/);
  });
});

class Silent extends Mocha.reporters.Base {
  override epilogue(): void {
    // Prints nothing.
  }
}

/** Runs these tests with one retry, as `test/run.mjs` runs those of e2e. */
function outcomesOf(tests: Readonly<Record<string, () => void>>): Promise<readonly TestOutcome[]> {
  const mocha = new Mocha({ retries: 1, reporter: Silent });
  for (const [title, run] of Object.entries(tests)) mocha.suite.addTest(new Mocha.Test(title, run));
  return new Promise((resolve) => {
    const runner = mocha.run(() => resolve(outcomes));
    const outcomes = collectOutcomes(runner, process.cwd());
  });
}
