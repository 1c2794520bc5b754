import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { OutputText } from "../../../../src/ui/terminals/outputText";

const textOf = (...chunks: Uint8Array[]): string => {
  const output = new OutputText({ hasTerminal: false });
  return chunks.flatMap((chunk) => [...output.decode(chunk)]).join("");
};

describe("a program's output in a terminal", () => {
  it("is the same however it is cut into chunks", () => {
    const text = "loss 🔥 ünïcode\n\r 50%\r100%\n\n\x1b[31mred\x1b[0m\n";
    const bytes = new TextEncoder().encode(text);
    const whole = textOf(bytes);
    assert.equal(whole, "loss 🔥 ünïcode\r\n\r 50%\r100%\r\n\r\n\x1b[31mred\x1b[0m\r\n");
    for (let cut = 1; cut < bytes.length; cut++) {
      assert.equal(textOf(bytes.subarray(0, cut), bytes.subarray(cut)), whole);
    }
  });

  it("is complete in a chunk of any size", () => {
    const text = "ü\n".repeat(100_001);
    assert.equal(textOf(new TextEncoder().encode(text)), text.replaceAll("\n", "\r\n"));
  });

  it("shows invalid UTF-8 as replacement characters, and continues", () =>
    assert.equal(textOf(Uint8Array.of(0x61, 0xff, 0x62)), "a\uFFFDb"));

  it("keeps a byte order mark", () => assert.equal(textOf(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), "\uFEFFa"));
});
