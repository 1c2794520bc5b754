import assert from "node:assert/strict";
import { describe, it } from "mocha";

import { builtinExclude } from "../../../../src/sync/rules/builtinExcludes";
import { copyName, isPullsOwn } from "../../../../src/sync/folder/pullNames";

describe("the name of a sandbox's copy", () => {
  const names: readonly (readonly [string, number, string | undefined, string])[] = [
    ["result.csv", 1, undefined, "result (sandbox copy).csv"],
    ["result.csv", 2, undefined, "result (sandbox copy 2).csv"],
    ["a/b.c/nb.result.ipynb", 1, "L4", "a/b.c/nb.result (sandbox copy from L4).ipynb"],
    ["model.pt", 3, "H100x2", "model (sandbox copy 3 from H100x2).pt"],
    ["Makefile", 1, "CPU", "Makefile (sandbox copy from CPU)"],
    [".bashrc", 1, undefined, ".bashrc (sandbox copy)"],
    [".config.json", 1, undefined, ".config (sandbox copy).json"],
    ["notes. All of it", 1, undefined, "notes. All of it (sandbox copy)"],
  ];
  for (const [path, count, from, copy] of names)
    it(`keeps the extension: ${copy}`, () => assert.equal(copyName(path, count, from), copy));

  it("is recognized, also as earlier versions wrote it, so that no push sends it", () => {
    for (const [path, count, from] of names) {
      const name = copyName(path, count, from).replace(/^.*\//, "");
      assert.ok(isPullsOwn(name), name);
      assert.equal(builtinExclude(name), "copy");
    }
    for (const name of ["a.csv.sandbox-copy", "a.csv.sandbox-copy-12"]) assert.ok(isPullsOwn(name), name);
  });

  it("is not a name that a user would choose", () => {
    for (const name of ["a (L4).py", "a (copy).py", "sandbox copy.py", "a (sandbox copies).py", "a(sandbox copy).py"])
      assert.equal(builtinExclude(name), undefined, name);
  });

  it("loses the end of a long stem, never the extension", () => {
    const copy = copyName(`${"ä".repeat(125)}.ipynb`, 1, "L4");
    assert.ok(Buffer.byteLength(copy) <= 255);
    assert.match(copy, /^ä+ \(sandbox copy from L4\)\.ipynb$/);
    assert.ok(isPullsOwn(copy));
  });
});
