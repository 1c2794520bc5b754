import assert from "node:assert/strict";
import { describe, it } from "mocha";

import { conflictText } from "../../../../src/sync/pull/conflictText";

describe("the message about a conflict", () => {
  const mine = { path: "a.csv", copy: "a (sandbox copy).csv" };
  const theirs = { ...mine, other: "T4" };

  it("names both runs if both wrote the file", () => {
    assert.equal(conflictText([theirs], "L4"), "T4 and L4 both wrote a.csv");
    assert.equal(conflictText([theirs], "T4"), "two runs on T4 both wrote a.csv");
    assert.equal(conflictText([theirs, { ...theirs, path: "b" }], "L4"), "T4 and L4 both wrote 2 files");
  });

  it("names the user if the user changed the file", () => {
    assert.equal(conflictText([mine], "L4"), "you and the run on L4 both changed a.csv");
    assert.equal(conflictText([mine], undefined), "you and the sandbox both changed a.csv");
  });

  it("tells one conflict from another", () => {
    assert.equal(
      conflictText([theirs, mine, { ...mine, path: "b" }], "L4"),
      "T4 and L4 both wrote a.csv; you and the run on L4 both changed 2 files",
    );
  });
});
