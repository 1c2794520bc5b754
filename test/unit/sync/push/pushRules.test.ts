import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "mocha";

import { Deferred } from "../../../../src/base/async";
import { isAbort } from "../../../../src/base/errors";
import type { BigPush } from "../../../../src/sync/push/pushRequest";
import { build, file, temporaryFolders, type Listing } from "../support/folders";
import { localExec } from "../support/localExec";
import { SyncWindow } from "../support/pushing";

const signal = new AbortController().signal;

describe("a push after a rules file changed", function () {
  this.timeout(30_000);
  const folder = temporaryFolders();
  const windows: SyncWindow[] = [];
  after(() => {
    for (const window of windows) window.dispose();
  });

  /** A folder that is pushed by windows which share what they remember. */
  function project(listing: Listing) {
    const root = build(folder(), listing);
    const baselines = folder();
    const targets = [folder(), folder()];
    const asked: BigPush[] = [];
    let answer = true;
    const open = () => {
      const approve = (push: BigPush) => {
        if (push.rules.length > 0) asked.push(push);
        return Promise.resolve(push.rules.length === 0 || answer);
      };
      const window = new SyncWindow(baselines, { approve });
      windows.push(window);
      return window;
    };
    let window = open();
    return {
      root,
      asked,
      write: (path: string, content: string) => writeFileSync(join(root, path), content),
      remove: (path: string) => rmSync(join(root, path)),
      answer: (value: boolean) => (answer = value),
      reload: () => (window = open()),
      window: () => window,
      push: async (target = 0) => {
        asked.length = 0;
        const remotePath = targets[target] ?? "";
        await window.push({ root, remotePath, sandboxId: `sb-${target}`, exec: localExec(), signal });
        return asked.flatMap(({ rules }) => rules);
      },
      pushToBoth: async () => {
        asked.length = 0;
        await Promise.all(
          targets.map((remotePath, index) =>
            window.push({ root, remotePath, sandboxId: `sb-${index}`, exec: localExec(), signal }),
          ),
        );
        return asked.flatMap(({ rules }) => rules);
      },
    };
  }

  it("asks once about a line that includes secrets, and again when the line changes", async () => {
    const one = project({ ".env": file("KEY=1"), "a.py": file(), ".modalignore": file("# mine\n!.env\n") });
    assert.deepEqual(await one.push(), [
      { kind: "secret", file: ".modalignore", line: 2, pattern: "!.env", isGone: false, count: 1, examples: [".env"] },
    ]);
    one.write("a.py", "2");
    one.write(".env", "KEY=2");
    assert.deepEqual(await one.push(), []);
    one.reload();
    assert.deepEqual(await one.push(1), [], "another sandbox, another window");

    one.write(".modalignore", "\n\n!.env\n");
    one.write(".env", "KEY=3");
    assert.deepEqual(await one.push(), [], "the line has only moved");
    one.write(".modalignore", "!.env*\n");
    one.write(".env", "KEY=4");
    assert.deepEqual(
      (await one.push()).map(({ line, pattern }) => [line, pattern]),
      [[1, "!.env*"]],
    );
  });

  it("sends nothing without a yes, and asks again", async () => {
    const one = project({ id_rsa: file("key"), ".modalignore": file("!id_rsa") });
    one.answer(false);
    await assert.rejects(one.push(), isAbort);
    one.answer(true);
    assert.equal((await one.push()).length, 1);
  });

  it("forgets a line that was removed", async () => {
    const one = project({ ".env": file("KEY=1"), ".modalignore": file("!.env\n") });
    assert.equal((await one.push()).length, 1);
    one.write(".modalignore", "*.tmp\n");
    assert.deepEqual(await one.push(), []);
    one.write(".modalignore", "!.env\n");
    one.write(".env", "KEY=2");
    assert.equal((await one.push()).length, 1);
  });

  it("asks about files that were excluded until now, with the line that includes them", async () => {
    const one = project({
      ".gitignore": file("*.log\n/data/\n"),
      "a.py": file(),
      "x.log": file(),
      "data/1": file(),
      "data/2": file(),
    });
    assert.deepEqual(await one.push(), [], "nothing is known of the time before the first push");

    one.write(".gitignore", "*.log\n/data/\n!x.log\n");
    assert.deepEqual(await one.push(), [
      { kind: "ignored", file: ".gitignore", line: 3, pattern: "!x.log", isGone: false, count: 1, examples: ["x.log"] },
    ]);
    one.write(".gitignore", "*.log\n!x.log\n");
    assert.deepEqual(await one.push(), [
      {
        kind: "ignored",
        file: ".gitignore",
        line: 2,
        pattern: "/data/",
        isGone: true,
        count: 2,
        examples: ["data/1", "data/2"],
      },
    ]);
    one.write("a.py", "2");
    assert.deepEqual(await one.push(), []);
  });

  it("asks if the whole file is gone, or if another rule includes built-in exclusions", async () => {
    const one = project({ "sub/.gitignore": file("private\n"), "sub/private": file(), "node_modules/x": file() });
    await one.push();
    one.remove("sub/.gitignore");
    assert.deepEqual(
      (await one.push()).map(({ file, pattern, isGone }) => [file, pattern, isGone]),
      [["sub/.gitignore", "private", true]],
    );
    one.write(".modalignore", "!node_modules\n");
    assert.deepEqual(
      (await one.push()).map(({ file, pattern, examples }) => [file, pattern, examples]),
      [[".modalignore", "!node_modules", ["node_modules/x"]]],
    );
  });

  it("does not ask if rules exclude more, or if the newly included files are requested by name", async () => {
    const one = project({ ".gitignore": file("*.log\n"), "x.log": file(), "y.txt": file(), ".env.run": file("A=1") });
    await one.push();
    one.write(".gitignore", "*.log\n*.txt\n");
    one.write("z.py", "1");
    assert.deepEqual(await one.push(), []);

    one.write(".modalignore", "!/x.log\n!/.env.run\n");
    for (const path of ["x.log", ".env.run"])
      await one.window().thread.use((worker) => worker.call("askFor", { root: one.root, path }));
    assert.deepEqual(await one.push(), []);
    one.write(".env.run", "A=2");
    one.reload();
    assert.deepEqual(await one.push(), []);
  });

  it("asks once for several sandboxes", async () => {
    const one = project({ "a.py": file() });
    await one.push();
    one.write(".env", "KEY=1");
    one.write(".modalignore", "!.env\n");
    assert.equal((await one.pushToBoth()).length, 1);
  });

  it("is refused in the background, even while another question is open, and asks nothing after it is canceled", async () => {
    const root = build(folder(), { ".env": file("KEY=1"), ".modalignore": file("!.env\n") });
    const asked: boolean[] = [];
    const answer = new Deferred<boolean>();
    const isOpen = new Deferred<undefined>();
    const approve = (push: BigPush) => {
      asked.push(push.isUnattended);
      if (push.isUnattended) return Promise.resolve(false);
      isOpen.resolve(undefined);
      return answer.promise;
    };
    const window = new SyncWindow(folder(), { approve });
    windows.push(window);
    const push = (sandboxId: string, more: { isUnattended?: boolean; signal?: AbortSignal } = {}) =>
      window.push({ root, remotePath: folder(), sandboxId, exec: localExec(), signal, ...more });
    const first = push("sb-0");
    await isOpen.promise;
    const cancel = new AbortController();
    const second = push("sb-1", { signal: cancel.signal });
    await assert.rejects(push("sb-2", { isUnattended: true }), isAbort);
    cancel.abort();
    await assert.rejects(second, isAbort);
    answer.resolve(false);
    await assert.rejects(first, isAbort);
    const last = push("sb-3");
    await assert.rejects(last, isAbort);
    assert.deepEqual(asked, [false, true, false]);
  });
});
