import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { formatVariables, joinWords, parseVariables, splitWords } from "../../../../src/run/target/words";

describe("the words of a command line", () => {
  it("are split and unquoted as a shell does it, and nothing is expanded", () => {
    assert.deepEqual(splitWords("--epochs 3  --lr=0.1"), ["--epochs", "3", "--lr=0.1"]);
    assert.deepEqual(splitWords(`'a b' "c d" e\\ f g'h'"i"`), ["a b", "c d", "e f", "ghi"]);
    assert.deepEqual(splitWords(`"a \\"b\\" \\$c \\d" 'e\\f'`), ['a "b" $c \\d', "e\\f"]);
    assert.deepEqual(splitWords("$HOME *.py `ls`"), ["$HOME", "*.py", "`ls`"]);
  });

  it("may be empty, and there may be none", () => {
    assert.deepEqual(splitWords(`'' ""`), ["", ""]);
    assert.deepEqual(splitWords(" \t"), []);
  });

  it("must have their quotes closed", () => {
    assert.throws(() => splitWords("say 'it"), /A ' is not closed/);
    assert.throws(() => splitWords('say "it'), /A " is not closed/);
    assert.throws(() => splitWords("say it\\"), /Nothing follows the last \\/);
  });

  it("make a line that splits into them again", () => {
    for (const words of [["a"], ["it's", "a b", ""], ['"', "\\", "$x", "größe"], ["two\nlines"]])
      assert.deepEqual(splitWords(joinWords(words)), words);
  });
});

describe("the variables of a line", () => {
  it("are read with their values, quoted or empty", () => {
    assert.deepEqual(parseVariables("MODE=fast NAME='Ada L.' EMPTY= URL=a=b"), {
      MODE: "fast",
      NAME: "Ada L.",
      EMPTY: "",
      URL: "a=b",
    });
  });

  it("must each have a name", () => {
    assert.throws(() => parseVariables("fast"), /"fast" is no NAME=value/);
    assert.throws(() => parseVariables("2FA=x"), /"2FA=x" is no NAME=value/);
  });

  it("make a line that is read as them again", () => {
    const variables = { A: "1", B: "it's two", C: "" };
    assert.deepEqual(parseVariables(formatVariables(variables)), variables);
  });
});
