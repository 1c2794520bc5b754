import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { dim, red } from "../../../../src/ui/terminals/styles";

describe("a line from the extension in a terminal", () => {
  it("cannot control the terminal through the names in it", () => {
    assert.equal(
      dim("Kept \x1b]52;c;?\x07.txt, \x9b6n and \u202e.txt"),
      "\r\x1b[0m\x1b[2mKept ␛]52;c;?␇.txt, ⟨U+009B⟩6n and ⟨U+202E⟩.txt\x1b[0m\x1b[K\r\n",
    );
  });

  it("may be several lines", () => assert.equal(red("one\ntwo"), "\r\x1b[0m\x1b[31mone\r\ntwo\x1b[0m\x1b[K\r\n"));
});
