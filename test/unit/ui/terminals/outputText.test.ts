import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { OutputText } from "../../../../src/ui/terminals/outputText";

describe("a program's output in a terminal", () => {
  it("is the same however it is cut into chunks", () => {
    const text = "loss 🔥 ünïcode\n\r 50%\r100%\n\n\x1b[31mred\x1b[0m\n";
    const bytes = new TextEncoder().encode(text);
    const whole = new OutputText().decode(bytes);
    assert.equal(whole, "loss 🔥 ünïcode\r\n\r 50%\r100%\r\n\r\n\x1b[31mred\x1b[0m\r\n");
    for (let cut = 1; cut < bytes.length; cut++) {
      const output = new OutputText();
      assert.equal(output.decode(bytes.subarray(0, cut)) + output.decode(bytes.subarray(cut)), whole);
    }
  });

  it("shows bytes that are no UTF-8 as replacement characters and goes on", () => {
    assert.equal(new OutputText().decode(Uint8Array.of(0x61, 0xff, 0x62)), "a\uFFFDb");
  });

  it("keeps a byte order mark", () => {
    assert.equal(new OutputText().decode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), "\uFEFFa");
  });
});
