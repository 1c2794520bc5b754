import assert from "node:assert/strict";
import { describe, it } from "mocha";

import { plainPath, refusePath, refuseTarget } from "../../../../src/sync/folder/safePath";

const posix = { isWindows: false, foldsCase: false };
const windows = { isWindows: true, foldsCase: true };

describe("paths from a sandbox", () => {
  it("are spelled as in a scan", () => {
    assert.deepEqual(["./a/b/", "././a", "a//", "./", ".", ".a", "../a", "././/../x"].map(plainPath), [
      "a/b",
      "a",
      "a",
      "",
      ".",
      ".a",
      "../a",
      "../x",
    ]);
  });

  it("are accepted as they are if the platform supports them", () => {
    const fine = ["a", "a b", "-x", "back\\slash", "con", "a:b", "x.", "...", ".gitignore", ".github/x", "git"];
    for (const path of fine) assert.equal(refusePath(path, posix), undefined, path);
  });

  it("are refused on Windows if it cannot represent them or would change them", () => {
    const bad = [
      ...["con", "CON.txt", "nul", "a/aux/b", "com1", "LPT9.log", "com¹", "prn .txt", "conin$", "a.", "a ", "dir./x"],
      ...["a:b", "a\\b", "..\\x", "a?", "a*", 'a"', "a<", "a|", "a\tb", "C:/x", "c:x"],
    ];
    for (const path of bad) assert.ok(refusePath(path, windows), path);
    for (const path of ["console", "com", "com10", "lpt", "nulls.txt", "a.b", ".env.example", "ü"])
      assert.equal(refusePath(path, windows), undefined, path);
  });

  it("are refused if they contain control characters", () => {
    for (const path of ["new\nline", "bell\u0007", "a/\u001B]52;c;x\u0007", "del\u007F", "c1\u009B31m", "nul\0"])
      assert.match(refusePath(path, posix) ?? "", /control character/, JSON.stringify(path));
  });

  it("are refused if they belong to git or VS Code, in every spelling that a file system may accept", () => {
    const spellings = [".git", ".Git", ".git.", ".git ", ".git. .", ".git::$INDEX_ALLOCATION", ".g\u200Dit", "GIT~1"];
    for (const name of [...spellings, ".vscode", ".VSCODE", ".vs\u200Bcode".replace("\u200B", "\u200C"), "VSCODE~1"])
      for (const path of [name, `${name}/x`, `a/${name}`])
        assert.match(refusePath(path, posix) ?? "", /git or VS Code/, path);
  });
});

describe("links from a sandbox", () => {
  it("are accepted if their target stays inside", () => {
    for (const [path, target] of [
      ["a", "b"],
      ["a", "./b/c"],
      ["d/a", "../b"],
      ["d/e/a", "../../b"],
      ["a", "b/./c"],
      ["a", "..."],
    ] as const)
      assert.equal(refuseTarget(path, target), undefined, `${path} -> ${target}`);
  });

  it("are refused if they lead out, or might", () => {
    for (const [path, target] of [
      ["a", "../b"],
      ["d/a", "../../b"],
      ["a", "/etc"],
      ["a", "C:/x"],
      ["a", "\\x"],
      ["a", "..\\x"],
      ["d/a", "b/../../../x"],
      ["a", "b/../c"],
      ["a", ""],
      ["a", "b\0"],
      ["a", ".git/hooks/pre-commit"],
      ["d/a", "../.VSCODE/tasks.json"],
    ] as const)
      assert.ok(refuseTarget(path, target), `${path} -> ${target}`);
  });
});
