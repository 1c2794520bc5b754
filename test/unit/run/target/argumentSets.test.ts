import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { UserError } from "../../../../src/base/errors";
import { parseArgumentFile } from "../../../../src/run/target/argumentSets";

const refuses = (name: string, text: string, message: RegExp) => {
  assert.throws(
    () => parseArgumentFile(name, text),
    (error: unknown) => error instanceof UserError && message.test(error.message),
  );
};

describe("the argument sets of a file", () => {
  it("are its lines, split as in a shell, without comments", () => {
    const text = "# learning rates\n--lr 0.1 --name 'a b'\r\n\n  --lr 0.01\n";
    assert.deepEqual(parseArgumentFile("sets.txt", text), [
      ["--lr", "0.1", "--name", "a b"],
      ["--lr", "0.01"],
    ]);
    refuses("sets.txt", "--lr 1\n--name 'a\n", /^sets\.txt, line 2: A ' isn't closed\.$/);
  });

  it("are the rows of a CSV file whose column names are options", () => {
    const text = '\uFEFFlr,"name",-n\r\n0.1,"a ""b"", c",3\n\n0.01,,\n"-1", x ,"two\nlines"';
    assert.deepEqual(parseArgumentFile("Sets.CSV", text), [
      ["--lr", "0.1", "--name", 'a "b", c', "-n", "3"],
      ["--lr", "0.01"],
      ["--lr", "-1", "--name", "x", "-n", "two\nlines"],
    ]);
    refuses("a.csv", "lr\n1,2\n", /^a\.csv, row 2 has more fields than the header line has names\.$/);
    refuses("a.csv", "lr,epochs\n", /^a\.csv has no argument sets\.$/);
  });

  it("are the items of a JSON list: objects of options, lists of words, or lines", () => {
    const sets = [{ lr: 0.1, fast: true, slow: false, note: null, "-n": "", layers: [1, 2] }, ["a b", 1], "--lr '1 2'"];
    assert.deepEqual(parseArgumentFile("sets.json", JSON.stringify(sets)), [
      ["--lr", "0.1", "--fast", "--layers", "1", "2"],
      ["a b", "1"],
      ["--lr", "1 2"],
    ]);
    refuses("a.json", "{", /^a\.json: /);
    refuses("a.json", '{"lr": 1}', /isn't a list of argument sets/);
    refuses("a.json", '[{"lr": {"a": 1}}]', /^a\.json, set 1 must be a string with/);
    refuses("a.json", "[1]", /^a\.json, set 1 must be a string with/);
    refuses("a.json", "[]", /has no argument sets/);
  });

  it("are limited in number", () =>
    refuses("a.txt", "--lr 1\n".repeat(1001), /has 1001 argument sets. The maximum is 1000/));
});
