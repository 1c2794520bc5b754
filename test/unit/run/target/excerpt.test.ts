import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { excerpt, type TextRange } from "../../../../src/run/target/excerpt";

const text = ["import os", "", "def main():", "    for i in range(3):", "        print(i)", "    return os"].join("\n");

const range = (startLine: number, startCharacter: number, endLine: number, endCharacter: number): TextRange => ({
  startLine,
  startCharacter,
  endLine,
  endCharacter,
});

describe("an excerpt of a file", () => {
  it("keeps its lines at their numbers", () => {
    assert.equal(excerpt(text, [range(2, 0, 3, 22)]), "\n\ndef main():\n    for i in range(3):\n");
  });

  it("loses its common indentation, even if the range begins after it", () => {
    const expected = "\n\n\nfor i in range(3):\n    print(i)\n";
    assert.equal(excerpt(text, [range(3, 4, 4, 16)]), expected);
    assert.equal(excerpt(text, [range(3, 0, 5, 0)]), expected);
  });

  it("may be part of a line", () => assert.equal(excerpt("x = compute(1)", [range(0, 4, 0, 14)]), "compute(1)\n"));

  it("may have several ranges, each at its lines", () => {
    assert.equal(excerpt(text, [range(4, 8, 4, 16), range(0, 0, 0, 9)]), "import os\n\n\n\n        print(i)\n");
  });

  it("counts lines with any kind of line break", () =>
    assert.equal(excerpt("a\r\nb\r\nc", [range(2, 0, 2, 1)]), "\n\nc\n"));
});
