import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";

import { after, describe, it } from "mocha";

import { UserError } from "../../../../src/base/errors";
import { build, file, listTree, temporaryFolders } from "../support/folders";
import { localExec } from "../support/localExec";
import { SyncWindow } from "../support/pushing";

const signal = new AbortController().signal;

describe("a push that was prepared", function () {
  this.timeout(30_000);
  const folder = temporaryFolders();
  const window = new SyncWindow();
  after(() => {
    window.dispose();
  });

  it("sends the folder as it is by then", async () => {
    const root = build(folder(), { "d/changed": file("old"), "d/gone": file(), ".gitignore": file("made\n") });
    await window.prepare(root);
    build(root, { "d/changed": file("new"), "d/made": file(), ".gitignore": file("else\n") });
    rmSync(join(root, "d/gone"));

    const remotePath = join(folder(), "remote");
    await window.push({ root, remotePath, exec: localExec(), signal });
    assert.deepEqual(listTree(remotePath), listTree(root));
  });

  it("is the one to say what is wrong with the folder", async () => {
    await window.prepare("/");
    const pushing = window.push({ root: "/", remotePath: join(folder(), "remote"), exec: localExec(), signal });
    await assert.rejects(pushing, UserError);
  });
});
