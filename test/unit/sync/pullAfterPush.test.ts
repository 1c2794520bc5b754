import assert from "node:assert/strict";

import { after, describe, it } from "mocha";

import { pull } from "../../../src/sync/pull";
import { localPullExec } from "./support/pulling";
import { build, file, temporaryFolders } from "./support/folders";
import { localExec } from "./support/localExec";
import { SyncWindow } from "./support/pushing";

const signal = new AbortController().signal;

describe("a pull right after a push", function () {
  this.timeout(60_000);
  const folder = temporaryFolders();
  const baselineFolder = folder();
  const window = new SyncWindow(baselineFolder);
  after(() => {
    window.dispose();
  });

  it("knows all that was pushed, however much that was", async () => {
    const [root, there] = [folder(), folder()];
    build(root, Object.fromEntries(Array.from({ length: 2500 }, (_, n) => [`f${n}`, file("text")])));
    const key = { sandboxId: "sb", remotePath: there, root };
    await window.push({ root, remotePath: there, exec: localExec(), signal });
    build(there, { made: file("output") });

    let planned = 0;
    const decide = ({ files }: { readonly files: number }) => {
      planned = files;
      return Promise.resolve({ isOverwriting: false, maxBytes: 1e9 });
    };
    const since = { key, patterns: ["**"] };
    await pull(window.thread, { root, remotePath: there, since, exec: localPullExec(), decide, signal });

    assert.equal(planned, 1);
  });
});
