import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { after, describe, it } from "mocha";

import { skip } from "../../../support/skip";
import { pull } from "../../../../src/sync/pull/pull";
import { build, file, listTree, temporaryFolders, timesMoveOn } from "../support/folders";
import { busyboxPath, localExec } from "../support/localExec";
import { localPullExec } from "../support/pulling";
import { SyncWindow } from "../support/pushing";

const signal = new AbortController().signal;

describe("a push while a program deletes its folders", function () {
  this.timeout(60_000);
  const folder = temporaryFolders();
  const window = new SyncWindow(folder());
  after(() => window.dispose());

  /** Runs commands with an `mv` that first deletes the folder `d`, as a program may do at that moment. */
  function deletingExec(tools: "GNU" | "busybox", isAlways: boolean) {
    const own = folder();
    const bin = tools === "GNU" ? own : busyboxPath(own);
    if (bin === undefined) return undefined;
    const real = tools === "GNU" ? which("mv") : `${which("busybox")} mv`;
    const isDone = join(own, "done");
    const condition = isAlways ? "true" : `[ ! -e ${isDone} ]`;
    rmSync(join(bin, "mv"), { force: true });
    // The shell of busybox uses its own `mv`, whatever is in the path.
    rmSync(join(bin, "sh"), { force: true });
    symlinkSync(which("sh"), join(bin, "sh"));
    writeFileSync(join(bin, "mv"), `#!/bin/sh\nif ${condition}; then rm -rf d; : >${isDone}; fi\nexec ${real} "$@"\n`, {
      mode: 0o755,
    });
    const path = tools === "GNU" ? `${bin}:${process.env.PATH ?? ""}` : bin;
    const counted: string[][] = [];
    const exec = localExec({ env: { PATH: path } });
    return {
      counted,
      exec: (argv: string[]) => {
        counted.push(argv);
        return exec(argv);
      },
    };
  }

  /** A pushed folder in which the user has then changed two files, and a program one of them. */
  async function changed() {
    const root = build(folder(), { "d/a": file("1"), "d/b": file("1"), c: file("1") });
    const remotePath = join(folder(), "remote");
    const target = { root, remotePath, sandboxId: remotePath };
    await timesMoveOn();
    await window.push({ ...target, exec: localExec(), signal });
    writeFileSync(join(root, "d/a"), "by the user");
    writeFileSync(join(root, "c"), "by the user");
    writeFileSync(join(remotePath, "c"), "by a program");
    return target;
  }

  for (const tools of ["GNU", "busybox"] as const)
    it(`tries once more, and reports what it set aside before that (${tools})`, async function () {
      const once = deletingExec(tools, false);
      if (once === undefined) skip(this, "needs busybox");
      const target = await changed();

      const { conflicts } = await window.push({ ...target, exec: once.exec, signal });

      const keptAs = conflicts[0]?.keptAs ?? "";
      assert.deepEqual(conflicts, [{ path: "c", keptAs }]);
      assert.equal(readFileSync(join(target.remotePath, keptAs), "utf8"), "by a program");
      const there = listTree(target.remotePath).filter((line) => !line.includes(".sandbox-"));
      assert.deepEqual(there, listTree(target.root));
      assert.equal(once.counted.length, 3, "the push, the question and the second push");
    });

  it("says what happened if that does not help, and hides no output of a program from the next pull", async () => {
    const always = deletingExec("GNU", true);
    const target = await changed();
    writeFileSync(join(target.remotePath, "output"), "by a program");

    await assert.rejects(window.push({ ...target, exec: always?.exec ?? localExec(), signal }), {
      name: "UserError",
      message:
        /^A program in the sandbox deleted or replaced folders of .*remote during the push \(.*mv: .*\)\. Wait until it finishes, then push again\.$/,
    });
    assert.equal(always?.counted.length, 3, "the push, the question and the second push");

    await window.push({ ...target, exec: localExec(), signal });
    const since = { key: target, patterns: ["**"] };
    await pull(window.thread, { ...target, since, exec: localPullExec(), signal });
    assert.equal(readFileSync(join(target.root, "output"), "utf8"), "by a program");
    assert.equal(readFileSync(join(target.remotePath, "d/a"), "utf8"), "by the user");
  });
});

const which = (name: string): string => spawnSync("which", [name], { encoding: "utf8" }).stdout.trim();
