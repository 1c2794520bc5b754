import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { readSourceFiles } from "../../support/sourceFiles";

describe("a list to pick from", () => {
  it("has a row for Enter, which its creator chooses", () => {
    const creators = readSourceFiles().filter(({ tree }) => /\bcreatePicker</.test(tree.text));
    const undecided = creators.filter(({ tree }) => !/\b(fillRows\(|new TickList|new GpuChecklist)/.test(tree.text));
    assert.ok(creators.length >= 6);
    assert.deepEqual(
      undecided.map(({ path }) => path),
      [],
    );
  });
});
