import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { formatVariables, joinWords, parseVariables, splitWords } from "../../../../src/run/target/words";

describe("the words of a command line", () => {
  it("are split and unquoted as in a shell, and nothing is expanded", () => {
    assert.deepEqual(splitWords("--epochs 3  --lr=0.1"), ["--epochs", "3", "--lr=0.1"]);
    assert.deepEqual(splitWords(`'a b' "c d" e\\ f g'h'"i"`), ["a b", "c d", "e f", "ghi"]);
    assert.deepEqual(splitWords(`"a \\"b\\" \\$c \\d" 'e\\f'`), ['a "b" $c \\d', "e\\f"]);
    assert.deepEqual(splitWords("$HOME *.py `ls`"), ["$HOME", "*.py", "`ls`"]);
  });

  it("may be empty or absent", () => {
    assert.deepEqual(splitWords(`'' ""`), ["", ""]);
    assert.deepEqual(splitWords(" \t"), []);
  });

  it("need closing quotes", () => {
    assert.throws(() => splitWords("say 'it"), /A ' isn't closed/);
    assert.throws(() => splitWords('say "it'), /A " isn't closed/);
    assert.throws(() => splitWords("say it\\"), /Nothing follows the final \\/);
  });

  it("can be joined into a line that splits into them again", () => {
    for (const words of [["a"], ["it's", "a b", ""], ['"', "\\", "$x", "größe"], ["two\nlines"]])
      assert.deepEqual(splitWords(joinWords(words)), words);
  });
});

describe("the variables in a line", () => {
  it("are read with their values, quoted or empty", () => {
    assert.deepEqual(parseVariables("MODE=fast NAME='Ada L.' EMPTY= URL=a=b"), {
      MODE: "fast",
      NAME: "Ada L.",
      EMPTY: "",
      URL: "a=b",
    });
  });

  it("need a name each", () => {
    assert.throws(() => parseVariables("fast"), /"fast" isn't of the form NAME=value/);
    assert.throws(() => parseVariables("2FA=x"), /"2FA=x" isn't of the form NAME=value/);
  });

  it("can be joined into a line that is read as them again", () => {
    const variables = { A: "1", B: "it's two", C: "" };
    assert.deepEqual(parseVariables(formatVariables(variables)), variables);
  });
});
