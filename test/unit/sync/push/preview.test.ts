import assert from "node:assert/strict";
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { after, describe, it } from "mocha";

import type { PushPreview } from "../../../../src/sync/push/preview";
import { previewPush } from "../../../../src/sync/push/previewPush";
import { previewText } from "../../../../src/sync/push/previewText";
import type { Exec } from "../../../../src/sync/remote/remoteProcess";
import {
  build,
  directory,
  file,
  listTree,
  symlink,
  temporaryFolders,
  timesMoveOn,
  type Listing,
} from "../support/folders";
import { localExec } from "../support/localExec";
import { nasty } from "../support/nasty";
import { SyncWindow } from "../support/pushing";

const signal = new AbortController().signal;

describe("a preview of a push", function () {
  this.timeout(30_000);
  const folder = temporaryFolders();
  const windows: SyncWindow[] = [];
  after(() => {
    for (const window of windows) window.dispose();
  });

  async function pushed(listing: Listing) {
    const window = new SyncWindow();
    windows.push(window);
    const root = build(folder(), listing);
    const remotePath = join(folder(), "remote");
    await timesMoveOn();
    const push = () => window.push({ root, remotePath, exec: localExec(), signal });
    const preview = (exec: Exec | undefined = localExec()) =>
      previewPush(window.thread, { root, remotePath, sandboxId: "sb", exec, signal });
    await push();
    return { root, remotePath, push, preview, window };
  }

  const kinds = ({ changes }: PushPreview) => Object.fromEntries(changes.map(({ path, kind }) => [path, kind]));
  const notesOf = ({ changes }: PushPreview, path: string) =>
    changes.find((change) => change.path === path)?.notes.join("; ");

  it("lists everything for a sandbox that does not exist yet, and starts nothing", async () => {
    const window = new SyncWindow();
    windows.push(window);
    const root = build(folder(), { "a/b.txt": file("12345"), "a/c.txt": file("1"), empty: directory() });
    const asked = { root, remotePath: "/workspace", sandboxId: "", exec: undefined, signal };
    const preview = await previewPush(window.thread, asked);
    assert.deepEqual(kinds(preview), { "a/b.txt": "add", "a/c.txt": "add", empty: "add" });
    assert.deepEqual([preview.files, preview.bytes], [2, 6]);
  });

  it("finds nothing to do after a push, without a process in the sandbox", async () => {
    const { preview } = await pushed(nasty);
    const found = await preview(() => assert.fail("nothing may be started"));
    assert.deepEqual([found.changes, found.changeCount], [[], 0]);
    assert.match(previewText("title", found).text, /Nothing to sync/);
  });

  it("shows the kind of each change", async () => {
    const { root, preview } = await pushed({
      "same.txt": file(),
      "changed.txt": file("old"),
      "run.sh": file("#!/bin/sh\n", 0o644),
      "gone/a": file(),
      it: file(),
      "d/x": file(),
    });
    writeFileSync(join(root, "changed.txt"), "newer");
    chmodSync(join(root, "run.sh"), 0o755);
    rmSync(join(root, "gone"), { recursive: true });
    rmSync(join(root, "it"));
    build(root, { "it/inside": file("inside"), "d/new": file("!"), link: symlink("same.txt") });

    const found = await preview();

    assert.deepEqual(kinds(found), {
      "changed.txt": "change",
      "run.sh": "change",
      "gone/a": "delete",
      it: "change",
      "it/inside": "add",
      "d/new": "add",
      link: "add",
    });
    assert.equal(notesOf(found, "it"), "file → folder");
    assert.equal(notesOf(found, "run.sh"), "mode 644 → 755");
    assert.equal(notesOf(found, "link"), "link to same.txt");
    assert.deepEqual(found.counts, { add: 3, change: 3, delete: 1, stay: 0 });
  });

  it("shows the files that programs changed in the sandbox, as the push then does", async () => {
    const { root, remotePath, preview, push } = await pushed({
      "both.txt": file("old"),
      "gone-but-changed": file("old"),
      "theirs-alone": file("old"),
      "moved/x": file(),
    });
    writeFileSync(join(remotePath, "both.txt"), "by a program");
    writeFileSync(join(remotePath, "gone-but-changed"), "by a program");
    writeFileSync(join(remotePath, "theirs-alone"), "by a program");
    writeFileSync(join(remotePath, "made"), "by a program");
    writeFileSync(join(root, "both.txt"), "by the user");
    rmSync(join(root, "gone-but-changed"));
    build(root, { made: file("by the user") });
    renameSync(join(root, "moved"), join(root, "moved on"));

    const found = await preview();

    assert.deepEqual(kinds(found), {
      "both.txt": "change",
      "gone-but-changed": "stay",
      made: "change",
      "moved/x": "delete",
      "moved on/x": "add",
    });
    for (const path of ["both.txt", "made"]) assert.match(notesOf(found, path) ?? "", /kept next to it/);
    const { conflicts } = await push();
    assert.deepEqual(new Set(conflicts.map(({ path }) => path)), new Set(["both.txt", "gone-but-changed", "made"]));
  });

  it("uses the sandbox's real files if another window pushed", async () => {
    const { root, remotePath, preview } = await pushed({ a: file("1"), b: file("1") });
    const other = new SyncWindow();
    windows.push(other);
    writeFileSync(join(root, "a"), "22");
    await other.push({ root, remotePath, exec: localExec(), signal });
    writeFileSync(join(root, "b"), "333");
    assert.deepEqual(kinds(await preview()), { b: "change" });
  });

  it("changes nothing on either side", async () => {
    const { root, remotePath, preview } = await pushed({ "d/a.txt": file("old"), b: file() });
    writeFileSync(join(root, "d/a.txt"), "new");
    rmSync(join(root, "b"));
    const before = [listTree(root), listTree(remotePath)];
    await preview();
    assert.deepEqual([listTree(root), listTree(remotePath)], before);
  });

  it("sums up excluded files by the rule that decides", async () => {
    const { preview } = await pushed({
      ".gitignore": file("# logs\n*.log\nbuild/\n"),
      ".modalignore": file("/data/\n!keep.log\n"),
      ...Object.fromEntries(["1", "2", "3", "4"].map((name) => [`${name}.log`, file()])),
      "keep.log": file(),
      "build/x/y": file(),
      "data/big": file(),
      "env/pyvenv.cfg": file(),
      ".env": file(),
      "node_modules/m": file(),
      "a (sandbox copy).txt": file(),
    });
    const { text } = previewText("title", await preview());
    assert.match(text, /^ {2}\.gitignore, line 2: \*\.log · 4, such as 1\.log, 2\.log, 3\.log$/m);
    assert.match(text, /^ {2}\.gitignore, line 3: build\/ · build$/m);
    assert.match(text, /^ {2}\.modalignore, line 1: \/data\/ · data$/m);
    assert.match(text, /^ {2}Built in: virtual environments · env$/m);
    assert.match(text, /^ {2}Built in: repositories, dependencies and caches · node_modules$/m);
    assert.match(text, /^ {2}Built in: copies of the sandbox's versions · a \(sandbox copy\)\.txt$/m);
    assert.match(text, /^ {2}\.env is not pushed because it may hold secrets$/m);
  });
});

describe("the text of a preview", () => {
  const folder = temporaryFolders();

  it("shows every change on a separate line, and knows the position of its path", async () => {
    const window = new SyncWindow();
    try {
      const root = build(folder(), {
        "big.bin": file(Buffer.alloc(1_200_000)),
        "new\nline": file("1"),
        d: directory(),
      });
      mkdirSync(join(root, "e"));
      const asked = { root, remotePath: "/w", sandboxId: "", exec: undefined, signal };
      const { text, links } = previewText("sample → T4", await previewPush(window.thread, asked));
      const expected = `sample → T4
4 to add. 2 files (1.2 MB) would be pushed.

+   1.2 MB  big.bin
+           d/
+           e/
+      1 B  new\\nline

`;
      assert.equal(text, expected);
      const lines = text.split("\n");
      assert.deepEqual(
        links.map(({ line, column, length }) => lines[line]?.slice(column, column + length)),
        ["big.bin", "new\\nline"],
      );
      assert.equal(links.at(-1)?.path, "new\nline");
    } finally {
      window.dispose();
    }
  });
});
