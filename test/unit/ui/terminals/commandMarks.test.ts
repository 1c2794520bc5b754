import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { commandEnd, commandStart } from "../../../../src/ui/terminals/commandMarks";

describe("the shell integration of a command", () => {
  it("marks its start and its words, without characters that would end the message", () => {
    assert.equal(
      commandStart("my train.py; \x07"),
      "\x1b]633;A\x07\x1b]633;B\x07\x1b]633;E;my\\x20train.py\\x3b\\x20\\x07\x07\x1b]633;C\x07",
    );
  });

  it("marks its end and its exit code, as far as known", () => {
    assert.equal(commandEnd(3), "\x1b]633;D;3\x07");
    assert.equal(commandEnd(undefined), "\x1b]633;D\x07");
  });
});
