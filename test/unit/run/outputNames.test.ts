import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { groupName, safeName, setLabels, uniqueLabel } from "../../../src/run/outputNames";

const labelsOf = (...sets: readonly (readonly string[])[]) => setLabels(sets, () => false);

describe("the names of output folders", () => {
  it("are the file's name without its folder, and the local time to the minute", () => {
    const at = new Date(2026, 10, 8, 9, 5, 59);
    assert.equal(groupName("train.py", at), "train.py-2026-11-08-0905");
    assert.equal(groupName("src/deep/train.py", at), "train.py-2026-11-08-0905");
    assert.equal(groupName("C:\\src\\train.py", at), "train.py-2026-11-08-0905");
    assert.equal(groupName("..", at), "run-2026-11-08-0905");
  });

  it("contain the options of a set with their values, and its other words", () => {
    assert.deepEqual(
      labelsOf(
        ["--lr", "0.1", "--bs", "8"],
        ["--lr=0.2", "-b", "8"],
        ["--fast", "--shift", "-3", "data/x.csv"],
        ["plain", "words"],
      ),
      ["lr=0.1 bs=8", "lr=0.2 b=8", "fast shift=-3 data-x.csv", "plain words"],
    );
  });

  it("are numbers like MODAL_SANDBOXES_SET_INDEX if sets are too long, alike, empty or named like a number", () => {
    assert.deepEqual(labelsOf(["x".repeat(61)], ["x".repeat(60)]), ["set-0", "x".repeat(60)]);
    assert.deepEqual(labelsOf(["a/b"], ["a:b"], ["A-B"], ["c"]), ["set-0", "set-1", "set-2", "c"]);
    assert.deepEqual(labelsOf([], ["set-0"], [".."]), ["set-0", "set-1", "set-2"]);
  });

  it("contain nothing of a set with a secret", () => {
    const isSecret = (set: readonly string[]) => set.includes("--api-key");
    assert.deepEqual(setLabels([["--api-key", "hunter2"], ["1"]], isSecret), ["set-0", "1"]);
  });

  it("are valid on every system", () => {
    const hostile = [
      "a\nb",
      "a\u202Eb",
      "a\u2028b",
      "../../etc",
      "nul",
      "COM1.txt",
      "ends. ",
      " .hidden",
      'a*?<>|"b',
      "a\tb",
    ];
    for (const text of hostile) {
      const name = safeName(text);
      assert.match(name, /^[^\p{C}<>:"/\\|?*]+$/u, name);
      assert.doesNotMatch(name, /^[. ]|[. ]$|^(nul|com\d)(\.|$)/i, name);
    }
    assert.ok(safeName("😀".repeat(100)).length <= 60);
  });

  it("get a number if the name is taken in any case", () => {
    assert.equal(uniqueLabel("T4", new Set()), "T4");
    assert.equal(uniqueLabel("T4", new Set(["t4", "T4-2"])), "T4-3");
  });
});
