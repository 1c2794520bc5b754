import { strict as assert } from "node:assert";
import { inertText, visibleText } from "../../../src/base/inertText";

/** The patterns of VS Code 1.139 for a link in a message, progress or a validation message, and for an icon in a label. */
const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
const ICON = /\$\([A-Za-z0-9-]+(?:~[A-Za-z]+)?\)/;

const hostile = [
  "[click](command:workbench.action.terminal.new).txt",
  "[click](COMMAND:workbench.action.terminal.new)",
  '[two\nlines](command:a "title")',
  "[[a]](https://evil.example/)",
  "[a](file:///etc/passwd)",
  "[a]\u200b(command:x)",
  "[a]\u0000(command:x)",
  "$(trash~spin) $($(x)) $\u200d(x)",
  "\x1b]8;;command:x\x07text\x1b]8;;\x07\x9b31m",
  "evil\u202etxt.exe\u2066\u2069\u200f",
  "\ud800 lone \udfff",
  "a\u00adb\ufeffc\u2060d\u3164e\u{e0041}",
  "one\r\ntwo\u2028three\u2029four\tfive\u0085six",
];

describe("inert text", () => {
  for (const text of hostile)
    it(`has no link, icon or invisible character for ${JSON.stringify(text)}`, () => {
      const inert = inertText(text, 300);
      assert.doesNotMatch(inert, LINK);
      assert.doesNotMatch(inert, ICON);
      assert.doesNotMatch(
        inert.replaceAll("\u200b", ""),
        /[\p{Cc}\p{Cs}\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\u3164]/u,
      );
    });

  it("names invisible characters, and otherwise reads like the original", () => {
    assert.equal(visibleText("a\u202eb\x1bc\x7fd\x9be\ud800"), "a⟨U+202E⟩b␛c␡d⟨U+009B⟩e⟨U+D800⟩");
    assert.equal(visibleText("two\r\nlines\tand a tab"), "two lines and a tab");
    assert.equal(inertText("[a](b)", 300).replace("\u200b", ""), "[a](b)");
  });

  it("leaves ordinary text as it is", () => {
    for (const text of [
      "train.py (2) [final].txt",
      "$5 (five)",
      "數據 données 👩‍🔬 ❤️ می‌خواهم",
      "~/.modal.toml: `x` *y* <z>",
    ])
      assert.equal(inertText(text, 300), text);
  });

  it("keeps the start and the end of a long text, and never half of a character", () => {
    assert.equal(inertText(`begin${"-".repeat(1000)}end`, 21), `begin${"-".repeat(5)}…${"-".repeat(7)}end`);
    assert.equal(inertText("😀".repeat(20), 10), "😀😀…😀😀");
    const size = inertText("\u202e".repeat(1_000_000), 300).length;
    assert.ok(size <= 300, String(size));
  });
});
