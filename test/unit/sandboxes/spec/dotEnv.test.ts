import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { readDotEnv } from "../../../../src/sandboxes/spec/dotEnv";

describe("a .env file", () => {
  it("is read with quotes, comments, exports and values of several lines", () => {
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
});
