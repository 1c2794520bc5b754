import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";

import { foldName } from "../../../../src/sync/folder/foldName";
import { LocalFolder } from "../../../../src/sync/folder/localFolder";
import { PathGuard } from "../../../../src/sync/folder/pathGuard";
import { PROTECTED, protectionOf } from "../../../../src/sync/folder/protectedNames";
import type { RemoteEntry } from "../../../../src/sync/remote/remoteListing";
import { refusePath } from "../../../../src/sync/folder/safePath";
import { temporaryFolders } from "../support/folders";

const posix = { isWindows: false, foldsCase: false };

const listed = (path: string): RemoteEntry => ({
  path: path.replace(/\/$/, ""),
  kind: path.endsWith("/") ? "directory" : "file",
  mode: 0o644,
  size: 1,
  mtime: 1,
});

describe("protected names", () => {
  const folder = temporaryFolders();
  const copyOf = (path: string, listing: readonly string[] = [], root = folder()) =>
    new PathGuard(new LocalFolder(root), [...listing, path].map(listed)).guard(path, "file")?.copyName(1);

  it("each have a reason that completes a sentence", () => {
    for (const { reason } of PROTECTED) assert.match(reason, /^(it|an? \w+|git|the file manager|Windows) .*[a-z]$/);
    for (const { files = [], folders = [] } of PROTECTED)
      for (const name of [...files, ...folders]) assert.ok(!name.endsWith("*"), `${name} matches its own copies`);
    assert.equal(new Set(PROTECTED.map(({ reason }) => reason)).size, PROTECTED.length);
  });

  for (const name of [
    ...["a.code-workspace", ".envrc", ".pre-commit-config.yaml", ".npmrc", "eslint.config.js", "eslint.config.mjs"],
    ...["eslint.config.ts", ".eslintrc", ".eslintrc.cjs", ".eslintrc.json", "prettier.config.cjs", ".prettierrc.yaml"],
    ...["vite.config.ts", "jest.config.js", "karma.conf.js", ".mocharc.js", ".pylintrc", "mypy.ini", ".gitattributes"],
    ...[".gitmodules", ".gitconfig", ".yarnrc.yml", ".pnpmfile.cjs", ".tool-versions", "mise.toml", ".vimrc", ".exrc"],
    ...[".mcp.json", "AGENTS.md", "CLAUDE.md", "CLAUDE.local.md", ".gitignore", ".modalignore", "HEAD", "desktop.ini"],
    ...[".Rprofile", ".gdbinit", ".pdbrc", ".clangd", ".gitlab-ci.yml", ".devcontainer.json", "lefthook.yml"],
    ...[".vscode-test.mjs", ".markdownlint-cli2.cjs", ".markdownlint.mjs", ".pnp.cjs", "jupyter_server_config.py"],
    ...["tox.ini", "setup.cfg", "Directory.Build.props", ".goosehints", ".rules", "git.exe", "python3.bat", "npm.cmd"],
  ])
    it(`protect the file ${name}, which is pulled as a copy with another name`, () => {
      assert.equal(copyOf(name), `${name}.sandbox-copy`);
      assert.equal(copyOf(`deep/in/${name}`), `deep/in/${name}.sandbox-copy`);
      assert.equal(protectionOf(`${name}.sandbox-copy`, false), undefined);
    });

  for (const name of [
    ...[".devcontainer", ".husky", ".github", ".idea", ".claude", ".cursor", ".githooks", ".circleci", ".cargo"],
    ...[".yarn", ".zed", ".mise", ".jj", ".sl", ".qwen"],
  ])
    it(`protect everything in ${name}, which is pulled into a folder that no tool reads`, () => {
      assert.equal(copyOf(`${name}/x`), `${name}.sandbox-copy/x`);
      assert.equal(copyOf(`a/${name}/b/x`), `a/${name}.sandbox-copy/b/x`);
      assert.equal(copyOf(name), `${name}.sandbox-copy`);
      assert.equal(protectionOf(`${name}.sandbox-copy`, true), undefined);
    });

  it("are protected inside a protected folder, too", () =>
    assert.equal(copyOf(".github/.envrc"), ".github.sandbox-copy/.envrc.sandbox-copy"));

  it("do not include the outputs of programs or files that run only when the user runs them", () => {
    for (const name of [
      ...[
        "a.py",
        "main.ts",
        "result.json",
        "config.json",
        "model.config",
        "test_a.py",
        "conftest.py",
        "Makefile",
        "head.csv",
      ],
      ...["package.json", "pyproject.toml", "Dockerfile", "README.md", ".hidden", "data.url", "x.github", "gitignore"],
      ...["CMakeLists.txt", "src", "objects", "refs", "index.js", "a.config.json", "config.js"],
      ...["app.exe", "run.bat", "git", "python3", "git.txt", ".markdownlint.json"],
    ])
      assert.equal(protectionOf(name, false), undefined, name);
    assert.equal(protectionOf("HEAD", true), undefined);
    assert.equal(protectionOf("eslint.config.js", true), undefined);
  });

  it("number further copies", () => {
    const root = folder();
    const guard = new PathGuard(new LocalFolder(root), []);
    const copies = (path: string) => [1, 2, 3].map((count) => guard.guard(path, "file")?.copyName(count));
    assert.deepEqual(copies("a/.npmrc"), [
      "a/.npmrc.sandbox-copy",
      "a/.npmrc.sandbox-copy-2",
      "a/.npmrc.sandbox-copy-3",
    ]);
    assert.deepEqual(copies(".husky/pre-commit"), [
      ".husky.sandbox-copy/pre-commit",
      ".husky.sandbox-copy/pre-commit.sandbox-copy-2",
      ".husky.sandbox-copy/pre-commit.sandbox-copy-3",
    ]);
    assert.ok(Buffer.byteLength(guard.guard(`.${"é".repeat(124)}rc`, "file")?.copyName(2) ?? "") <= 255);
  });

  it("are known in every spelling that a file system may accept", () => {
    for (const [spelling, name] of [
      [".v\u017Fcode", ".vscode"],
      [".VSCODE", ".vscode"],
      [".hu\u017F\u212Ay", ".husky"],
      [".GitHub", ".github"],
      [".git\u200Dignore", ".gitignore"],
      [".envrc.", ".envrc"],
      [".envrc . .", ".envrc"],
      [".npmrc::$DATA", ".npmrc"],
      ["agents.MD", "agents.md"],
      [".IDEA ", ".idea"],
      ["e\u0301", "\u00E9"],
      ["\uFEFF.git", ".git"],
    ] as const)
      assert.equal(foldName(spelling), name);
    for (const name of [
      ".v\u017Fcode/tasks.json",
      ".gIt/hooks/x",
      "a/.vscode /x",
      ".g\u200Bit".replace("\u200B", "\u200C"),
    ])
      assert.match(refusePath(name, posix) ?? "", /git or VS Code/, name);
    assert.equal(copyOf(".hu\u017F\u212Ay/pre-commit"), ".hu\u017F\u212Ay.sandbox-copy/pre-commit");
    assert.equal(copyOf(".GITIGNORE"), ".GITIGNORE.sandbox-copy");
    for (const name of ["ESLINT~1.JS", "HUSKY~1/x", "GITMOD~1", "NPMRC~1"])
      assert.match(refusePath(name, { isWindows: true, foldsCase: true }) ?? "", /short name/, name);
    assert.equal(refusePath("notes.txt~1~", { isWindows: true, foldsCase: true }), undefined);
  });

  it("include everything that would make a git repository under any name", () => {
    const listing = ["r/config", "r/HEAD", "r/objects/", "r/objects/aa/1", "r/refs/heads/main", "r/refs/", "r/hooks/x"];
    assert.equal(copyOf("r/HEAD", listing), "r/HEAD.sandbox-copy");
    assert.equal(copyOf("r/config", listing), "r/config.sandbox-copy");
    assert.equal(copyOf("r/objects/aa/1", listing), "r/objects.sandbox-copy/aa/1");
    assert.equal(copyOf("s/HEAD", ["s/commondir"]), "s/HEAD.sandbox-copy");
    assert.equal(copyOf("s/config", ["s/head", "s/commondir"]), "s/config.sandbox-copy");
    assert.equal(copyOf("objects/aa/1", ["objects/", "refs/"]), undefined);
  });

  it("include the files of the user's repository, and what would complete one", () => {
    const root = folder();
    mkdirSync(join(root, "mine.git/objects"), { recursive: true });
    writeFileSync(join(root, "mine.git/HEAD"), "ref: refs/heads/main\n");
    assert.equal(copyOf("mine.git/config", [], root), "mine.git/config.sandbox-copy");
    assert.equal(copyOf("mine.git/hooks/post-checkout", [], root), "mine.git/hooks.sandbox-copy/post-checkout");
    assert.equal(copyOf("x", [], root), undefined);
  });
});
