import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";

import { after, describe, it } from "mocha";

import { UserError } from "../../../../src/base/errors";
import { build, file, listTree, temporaryFolders } from "../support/folders";
import { localExec } from "../support/localExec";
import { SyncWindow } from "../support/pushing";

const signal = new AbortController().signal;

describe("a prepared push", function () {
  this.timeout(30_000);
  const folder = temporaryFolders();
  const window = new SyncWindow();
  after(() => window.dispose());

  it("sends the folder as it is when the push starts", async () => {
    const root = build(folder(), { "d/changed": file("old"), "d/gone": file(), ".gitignore": file("made\n") });
    await window.prepare(root);
    build(root, { "d/changed": file("new"), "d/made": file(), ".gitignore": file("else\n") });
    rmSync(join(root, "d/gone"));

    const remotePath = join(folder(), "remote");
    await window.push({ root, remotePath, exec: localExec(), signal });
    assert.deepEqual(listTree(remotePath), listTree(root));
  });

  it("reports a problem with the folder only when the push starts", async () => {
    await window.prepare("/");
    const pushing = window.push({ root: "/", remotePath: join(folder(), "remote"), exec: localExec(), signal });
    await assert.rejects(pushing, UserError);
  });
});
