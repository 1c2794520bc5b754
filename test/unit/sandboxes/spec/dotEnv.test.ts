import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { readDotEnv } from "../../../../src/sandboxes/spec/dotEnv";

describe("a .env file", () => {
  it("is read with quotes, comments, exports and multi-line values", () => {
    const text = [
      "# a comment",
      "PLAIN=one two",
      "export EXPORTED = spaced  # why",
      "EMPTY=",
      'DOUBLE="say \\"hi\\"\\n#1"',
      "SINGLE='as \\n it $IS'",
      'KEY="-----BEGIN-----',
      "abc=",
      '-----END-----"',
      "HASH=a#b",
      "not a line",
      "1BAD=x",
      "LAST=$HOME",
    ].join("\r\n");
    assert.deepEqual(readDotEnv(text), {
      PLAIN: "one two",
      EXPORTED: "spaced",
      EMPTY: "",
      DOUBLE: 'say "hi"\n#1',
      SINGLE: "as \\n it $IS",
      KEY: "-----BEGIN-----\r\nabc=\r\n-----END-----",
      HASH: "a#b",
      LAST: "$HOME",
    });
  });

  it("keeps comments out of its values, wherever they start", () => {
    const text = ["EMPTY= # nothing", 'QUOTED="a" # b', "NEXT='a'#b", 'SHORT=""#b', "BARE=a # b # c", "HASH=#fff"].join(
      "\n",
    );
    assert.deepEqual(readDotEnv(text), {
      EMPTY: "",
      QUOTED: "a",
      NEXT: "a",
      SHORT: "",
      BARE: "a",
      HASH: "#fff",
    });
  });

  it("keeps its first variable if the file starts with a byte order mark, as editors on Windows write it", () =>
    assert.deepEqual(readDotEnv("\uFEFFTOKEN=1\nSECOND=2"), { TOKEN: "1", SECOND: "2" }));

  it("is read to its end, however long its lines are", () => {
    // If the time grew with the square of a line's length, this would take minutes.
    const lines = `A=y${" ".repeat(1_000_000)}x\nB="${" #".repeat(500_000)}\n`;
    assert.equal(readDotEnv(`${lines.repeat(3)}C=end`).C, "end");
  });
});
