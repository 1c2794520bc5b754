import assert from "node:assert/strict";

import { describe, it } from "mocha";

import { IgnoreRules } from "../../../../src/sync/rules/ignoreRules";

describe("ignore rules", () => {
  const cases: [gitignore: string, path: string, ignored: boolean][] = [
    ["*.log", "a.log", true],
    ["*.log", "deep/down/a.log", true],
    ["*.log", "a.LOG", false],
    ["/a", "a", true],
    ["/a", "b/a", false],
    ["a/b", "c/a/b", false],
    ["build/", "build", false],
    ["build/", "build/", true],
    ["**/x/**", "a/x/b", true],
    ["*\n!keep", "keep", false],
    ["*.txt\n!a.txt\na.*", "a.txt", true],
    ["\\#name", "#name", true],
    ["# name", "# name", false],
    ["\\!name", "!name", true],
    ["trailing ", "trailing", true],
    ["kept\\ ", "kept ", true],
    ["a[0-9]", "a5", true],
    ["crlf\r\nnext\r\n", "crlf", true],
    ["\uFEFFmarked", "marked", true],
  ];
  for (const [gitignore, path, ignored] of cases) {
    it(`${JSON.stringify(gitignore)} ${ignored ? "ignores" : "keeps"} ${JSON.stringify(path)}`, () => {
      const rules = IgnoreRules.none.within("", gitignore);
      assert.equal(rules.ignores(path.replace(/\/$/, ""), path.endsWith("/")), ignored);
    });
  }

  it("let a deeper file override the files above it", () => {
    const rules = IgnoreRules.none.within("", "*.log").within("deep", "!a.log");
    assert.equal(rules.ignores("deep/a.log", false), false);
    assert.equal(rules.ignores("deep/b.log", false), true);
  });

  it("keep what is in a folder that a deeper file includes again, except for names that the upper file lists", () => {
    const rules = IgnoreRules.none.within("", "out [1]\n*.log").within("deep", "!out [1]");
    assert.equal(rules.ignores("deep/out [1]", true), false);
    assert.equal(rules.ignores("deep/out [1]/a.txt", false), false);
    assert.equal(rules.ignores("deep/out [1]/a.log", false), true);
  });

  it("read a file above the root relative to that file's folder", () => {
    const rules = IgnoreRules.none.below("packages/app", "/packages/app/dist\n/src");
    assert.equal(rules.ignores("dist", true), true);
    assert.equal(rules.ignores("src", true), false);
    assert.equal(rules.ignores("", true), false);
  });

  it("know that a file above the root ignores the root itself", () =>
    assert.equal(IgnoreRules.none.below("packages/app", "packages").ignores("", true), true));
});
