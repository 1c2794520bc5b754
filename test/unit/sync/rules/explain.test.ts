import assert from "node:assert/strict";
import { realpathSync } from "node:fs";

import { describe, it } from "mocha";

import { explain, explanationText } from "../../../../src/sync/rules/explain";
import { scan } from "../../../../src/sync/folder/scan";
import { build, file, symlink, temporaryFolders } from "../support/folders";

describe("the rule for a file", () => {
  const folder = temporaryFolders();
  const root = realpathSync(
    build(folder(), {
      ".gitignore": file("*.log\nbuild/\n"),
      ".modalignore": file("# ours\n!keep.log\n/data/\n!build/\n!.env.shared\n!node_modules/mine\n!*\n"),
      "keep.log": file(),
      "drop.log": file(),
      "data/big.bin": file(),
      "build/out.bin": file(),
      ".env": file(),
      ".env.shared": file(),
      "env/pyvenv.cfg": file(),
      "sub/.modalignore": file("*.tmp\n"),
      "sub/x.tmp": file(),
      "main.py": file(),
      "to-sub": symlink("sub"),
      "to-outside": symlink("/usr"),
      "to-nowhere": symlink("nowhere"),
    }),
  );
  const cases: Record<string, RegExp> = {
    "main.py": /^main\.py is synced/,
    "keep.log": /is synced\. It is included by \.modalignore/,
    "build/out.bin": /is synced/,
    ".env": /is not synced\. It may hold secrets/,
    ".env.shared": /is synced/,
    "sub/x.tmp": /is not synced\. It is excluded by sub\/\.modalignore, line 1: \*\.tmp/,
    "env/pyvenv.cfg": /because env is not\. It is a virtual environment/,
    "no/such": /The file does not exist/,
    "to-sub": /is synced/,
    "to-sub/x.tmp": /because sub\/x\.tmp is not. It is excluded by sub\/\.modalignore/,
    "to-outside/bin": /because to-outside is not\. It is a link to a place outside the folder/,
    "to-nowhere/x": /The file does not exist/,
  };
  for (const [path, expected] of Object.entries(cases))
    it(`is explained for ${path}`, () => assert.match(explanationText(explain(root, path), path), expected));

  it("is the same as in a scan", () => {
    const synced = new Set(scan(root).entries.map(({ path }) => path));
    for (const path of ["main.py", "keep.log", "drop.log", "build/out.bin", ".env", ".env.shared", "sub/x.tmp"])
      assert.equal(explain(root, path).isSynced, synced.has(path), path);
  });

  it("may be an exclusion in a .modalignore, shown with its line", () => {
    const other = realpathSync(build(folder(), { ".modalignore": file("\n/data/\n"), "data/big.bin": file() }));
    const { path, line } = explain(other, "data/big.bin");
    assert.deepEqual([path, line], ["data", { file: ".modalignore", line: 2, pattern: "/data/" }]);
    assert.deepEqual(
      scan(other).entries.map((entry) => entry.path),
      [".modalignore"],
    );
  });
});
