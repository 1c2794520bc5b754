import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { HarmlessOutput, withoutPrivateAnswers } from "../../../../src/ui/terminals/harmlessOutput";

const shown = (hasTerminal: boolean, ...pieces: string[]): string => {
  const output = new HarmlessOutput({ hasTerminal });
  return pieces.map((piece) => output.filter(piece)).join("");
};

/** The same from whole text and from text cut at any place, and into single characters. */
function assertShown(text: string, run: string, shell = run): void {
  for (const [hasTerminal, expected] of [
    [false, run],
    [true, shell],
  ] as const) {
    const name = `${JSON.stringify(text)} ${hasTerminal ? "in a shell" : "of a run"}`;
    assert.equal(shown(hasTerminal, text), expected, name);
    assert.equal(shown(hasTerminal, ...Array.from(text)), expected, `${name}, character by character`);
    for (let cut = 1; cut < text.length; cut += 1)
      assert.equal(shown(hasTerminal, text.slice(0, cut), text.slice(cut)), expected, `${name}, cut at ${cut}`);
  }
}

const ordinary = [
  "plain text 🔥 ünïcode\r\n",
  "\x1b[31mred\x1b[0m \x1b[38;2;1;2;3mtrue color\x1b[38:5:9m \x1b[1;4mbold\x1b[m",
  "\r\x1b[2K 50% \x1b[1A\x1b[10;3H\x1b[?25l\x1b[?25h\x1b[s\x1b[u\x1b[3J\x1b[1;5r\x1b[2 q\x1b[!p",
  "\x1b7saved\x1b8 \x1b(0qqq\x1b(B \x1bM \x1b[?1049h\x1b[?1049l \x1b#8 \x1bc",
  "\x1b]8;id=1;https://example.com/a?b=1#c\x1b\\text\x1b]8;;\x1b\\",
  "\x1b]4;1;rgb:ff/00/00\x1b\\\x1b]10;#fff\x1b\\\x1b]104\x1b\\\x1b]9;4;1;50\x1b\\",
  `\x1bPq"1;1;2;2#0;2;0;0;0#0~~@@-\x1b\\ \x1b]1337;File=inline=1:${"QUJD".repeat(20)}\x07after`,
  "tab\tbell\x07 backspace\b next line\x85 index\x84",
];

describe("harmless output", () => {
  for (const text of ordinary) it(`keeps ${JSON.stringify(text.slice(0, 30))} as it is`, () => assertShown(text, text));

  it("never reads or writes the clipboard", () => {
    for (const end of ["\x07", "\x1b\\", "\x9c"])
      for (const osc of ["\x1b]", "\x9d", "\x1b\x00]", "\x1b\n]", "\x1b[3\x1b]", "\x1b\x1b]", "\x1b \x1b]"]) {
        const executed = osc === "\x1b\x00]" ? "\x00" : osc === "\x1b\n]" ? "\n" : "";
        assertShown(`a${osc}52;c;?${end}b`, `a${executed}b`);
        assertShown(`a${osc}052;p;QQ==${end}b`, `a${executed}b`);
      }
    assertShown("a\x1b]5\x0b2;\x00c;?\x1b[1mb", "a\x1b[1mb");
  });

  it("has no queries from a program without a terminal, whose answers a shell may get", () => {
    const questions = [
      ...["\x1b[c", "\x1b[0c", "\x1b[>c", "\x1b[=c", "\x1b[5n", "\x1b[6n", "\x1b[?6n", "\x1b[?996n", "\x1b[>q"],
      ...["\x1b[?25$p", "\x1b[4$p", "\x1b[14t", "\x1b[18t", "\x1b[?u", "\x1b[x", "\x1bZ", "\x1b[?2;1;0S"],
      ...["\x1b]11;?\x1b\\", "\x1b]4;1;?\x1b\\", "\x1bP$qm\x1b\\"],
    ];
    for (const question of questions) assertShown(`a${question}b`, "ab", `a${question}b`);
    assertShown("a\x1b[\n6\x00nb", "a\n\x00b", "a\n\x00\x1b[6nb");
    assertShown("a\x9b6nb", "ab", "a\x1b[6nb");
  });

  it("does not query the title or the contents of the screen, even for a shell", () => {
    for (const question of ["\x1b[21t", "\x1b[20t", "\x1b[021;0t", "\x1b[1;1;1;1;1;1*y"])
      assertShown(`a${question}b`, "ab");
  });

  it("reports no mouse, focus or pastes to a program without a terminal", () => {
    assertShown(
      "\x1b[?1000;1006h\x1b[?1003h\x1b[?25;1004;7h\x1b[?2004h",
      "\x1b[?25;7h",
      "\x1b[?1000;1006h\x1b[?1003h\x1b[?25;1004;7h\x1b[?2004h",
    );
  });

  it("has only web links, and keeps the text of others", () => {
    for (const address of [
      "command:workbench.action.terminal.new",
      "file:///etc/passwd",
      "vscode://x",
      "javascript:1",
      "//x",
      " https:x",
    ])
      assertShown(`\x1b]8;;${address}\x07text\x1b]8;;\x1b\\`, "\x1b]8;;\x1b\\text\x1b]8;;\x1b\\");
    assertShown("\x1b]8;;comm\x00and:x\x9ctext", "\x1b]8;;\x1b\\text");
    assertShown("\x1b]8;;https://a.b/\x1b[1mtext", "\x1b]8;;https://a.b/\x1b\\\x1b[1mtext");
  });

  it("sets no title, directory or command mark, and sends no notification", () => {
    for (const osc of [
      "0;title",
      "2;t",
      "7;file:///",
      "633;D;0",
      "633;E;rm -rf /;x",
      "133;D",
      "9;hello",
      "9;9;/",
      "99;i=1;x",
      "777;notify;a;b",
      "1337;SetMark",
      "x",
    ])
      assertShown(`a\x1b]${osc}\x07b`, "ab");
  });

  it("shows nothing of other strings, however long", () => {
    for (const opener of ["\x1bX", "\x1b^", "\x1b_", "\x1bP+", "\x90!", "\x9f", "\x98"])
      assertShown(`a${opener}Gi=1;AAA\x1b\\b`, "ab");
    for (const end of ["\x07", "\x1b\\", "\x18"]) {
      const pieces = ["a\x1b]52;c;", ...Array.from({ length: 20 }, () => "x".repeat(1000)), end, "b"];
      assert.equal(shown(false, ...pieces), "ab");
      assert.equal(shown(false, pieces.join("")), "ab");
    }
    assert.equal(shown(false, `\x1b]52;${"x".repeat(5000)}\x1b`, "\\b"), "b");
    assert.equal(shown(false, `\x1b]52;${"x".repeat(5000)}`, "\x1b", "[1mb"), "\x1b[1mb");
  });

  it("continues after a broken sequence", () => {
    assertShown("\x1b]8;;command:x\x18text", "text");
    assertShown("\x1b[3\x1aé \x1b[3é \x1b[1;2?m.", "é é .");
    assertShown("a\x1b]52;c;?", "a");
  });

  it("keeps a terminal's facts about the user from a shell", () => {
    assert.equal(withoutPrivateAnswers("a\x1b]52;c;c2VjcmV0\x07b\x1b]52;c;c2VjcmV0\x1b\\c\x1b]lTitle\x1b\\d"), "abcd");
    const others = "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\\x1b[0n\x1b]\x1b[A\x1bP1$r0m\x1b\\";
    assert.equal(withoutPrivateAnswers(others), others);
  });
});
