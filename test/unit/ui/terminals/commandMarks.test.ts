import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { commandEnd, commandStart } from "../../../../src/ui/terminals/commandMarks";

describe("what a terminal is told of a command", () => {
  it("is where it starts, and its words without what would end the message", () => {
    assert.equal(
      commandStart("my train.py; \x07"),
      "\x1b]633;A\x07\x1b]633;B\x07\x1b]633;E;my\\x20train.py\\x3b\\x20\\x07\x07\x1b]633;C\x07",
    );
  });

  it("is where it ends, and how, as far as that is known", () => {
    assert.equal(commandEnd(3), "\x1b]633;D;3\x07");
    assert.equal(commandEnd(undefined), "\x1b]633;D\x07");
  });
});
