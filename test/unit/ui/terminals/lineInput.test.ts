import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { LineInput } from "../../../../src/ui/terminals/lineInput";

describe("typed input", () => {
  it("is echoed, and passed on at Enter", () => {
    const input = new LineInput();
    assert.deepEqual(input.type("hé"), { echo: "hé", actions: [] });
    assert.deepEqual(input.type("🔥\r"), { echo: "🔥\r\n", actions: [{ kind: "line", text: "hé🔥\n" }] });
  });

  it("loses whole characters to Backspace", () => {
    const input = new LineInput();
    input.type("a🔥");
    assert.equal(input.type("\x7f").echo, "\b \b");
    assert.deepEqual(input.type("\r").actions, [{ kind: "line", text: "a\n" }]);
    assert.equal(input.type("\x7f").echo, "");
  });

  it("is cleared by Ctrl+U and dropped by Ctrl+C", () => {
    const input = new LineInput();
    input.type("abc\x15");
    assert.deepEqual(input.type("\r").actions, [{ kind: "line", text: "\n" }]);
    input.type("abc");
    assert.deepEqual(input.type("\x03"), { echo: "^C\r\n", actions: [{ kind: "interrupt" }] });
    assert.deepEqual(input.type("\r").actions, [{ kind: "line", text: "\n" }]);
  });

  it("ends at Ctrl+D on an empty line only", () => {
    const input = new LineInput();
    assert.deepEqual(input.type("a\x04").actions, []);
    assert.deepEqual(input.type("\r\x04").actions, [{ kind: "line", text: "a\n" }, { kind: "end" }]);
  });

  it("counts pasted lines one by one, with any kind of line break", () => {
    assert.deepEqual(new LineInput().type("one\r\ntwo\nthree").actions, [
      { kind: "line", text: "one\n" },
      { kind: "line", text: "two\n" },
    ]);
  });

  it("ignores arrow and function keys", () => {
    assert.deepEqual(new LineInput().type("\x1b[A\x1b[1;5C\x1bOP\x1bb\x07"), { echo: "", actions: [] });
  });

  it("does not include answers of the terminal itself", () => {
    const answers = [
      ...["\x1b[?1;2c", "\x1b[>0;276;0c", "\x1b[0n", "\x1b[3;1R", "\x1b[?3;1R", "\x1b[?25;1$y", "\x1b[?0u"],
      ...["\x1b]52;c;c2VjcmV0\x07", "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\", "\x1bP1$r0m\x1b\\", "\x1b]lTitle\x1b\\"],
      ...["\x1b[I", "\x1b[M !!", "\x1b[<0;1;1M"],
    ];
    for (const answer of answers) {
      const input = new LineInput();
      assert.deepEqual(input.type(`a${answer}b\r`).actions, [{ kind: "line", text: "ab\n" }], JSON.stringify(answer));
    }
  });
});
