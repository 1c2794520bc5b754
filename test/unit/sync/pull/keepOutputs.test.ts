import assert from "node:assert/strict";
import { existsSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";

import { listOutputs } from "../../../../src/sync/pull/listOutputs";
import { isPullsOwn } from "../../../../src/sync/folder/pullNames";
import { keepOutputs, type KeepRequest } from "../../../../src/sync/pull/keepOutputs";
import { build, file, listTree, symlink, temporaryFolders } from "../support/folders";

const rules = { isWindows: false, foldsCase: false };
const OUTPUTS = "runs/train.py-2026-11-28-2105/T4 (fast)";

const SUMMARY = '{"runId": "run-1"}';

describe("keeping the outputs of a run", () => {
  const folder = temporaryFolders();

  function keep(root: string, choice: KeepRequest["choice"], startedAt = Date.now() + 60_000) {
    return keepOutputs({ root, outputs: OUTPUTS, runId: "run-1", startedAt, choice }, rules);
  }

  const made = {
    [`${OUTPUTS}/run.json`]: file(SUMMARY),
    [`${OUTPUTS}/out/a`]: file("new a", 0o755),
    [`${OUTPUTS}/conf.json`]: file("new conf"),
    [`${OUTPUTS}/link`]: symlink("out/a"),
  };

  it("copies them to their places, without the summary, and leaves the originals", () => {
    const root = build(folder(), { ...made, "conf.json": file("old conf") });
    const before = listTree(join(root, OUTPUTS));
    const result = keep(root, "ask");
    assert.deepEqual(result, { changed: [], files: 3, copies: 0, guarded: [], skipped: [] });
    assert.equal(readFileSync(join(root, "out/a"), "utf8"), "new a");
    assert.equal(readFileSync(join(root, "link"), "utf8"), "new a");
    assert.equal(readFileSync(join(root, "conf.json"), "utf8"), "new conf");
    assert.ok(!existsSync(join(root, "run.json")));
    assert.deepEqual(listTree(join(root, OUTPUTS)), before);
  });

  it("changes nothing before the user answers about files that changed since the run started", () => {
    const root = build(folder(), { ...made, "conf.json": file("mine") });
    const { changed, files } = keep(root, "ask", Date.now() - 60_000);
    assert.deepEqual([changed, files], [["conf.json"], 0]);
    assert.equal(readFileSync(join(root, "conf.json"), "utf8"), "mine");
    assert.ok(!existsSync(join(root, "out")));
  });

  it("is not misled by an old time of a file that was put there later", () => {
    const root = build(folder(), { ...made, "conf.json": file("mine") });
    utimesSync(join(root, "conf.json"), 1, 1);
    assert.deepEqual(keep(root, "ask", Date.now() - 60_000).changed, ["conf.json"]);
  });

  it("asks about no file that is already the same", () => {
    const root = build(folder(), { ...made, "conf.json": file("new conf") });
    assert.deepEqual(keep(root, "ask", Date.now() - 60_000).changed, []);
  });

  it("replaces the user's version, or puts the run's version next to it, as the user decides", () => {
    for (const choice of ["replace", "keepBoth"] as const) {
      const root = build(folder(), { ...made, "conf.json": file("mine") });
      const { files, copies } = keep(root, choice, Date.now() - 60_000);
      assert.deepEqual([files, copies], [3, choice === "replace" ? 0 : 1]);
      const copy = "conf (sandbox copy from T4 -fast-).json";
      assert.equal(readFileSync(join(root, "conf.json"), "utf8"), choice === "replace" ? "new conf" : "mine");
      assert.equal(existsSync(join(root, copy)), choice === "keepBoth");
      assert.ok(isPullsOwn(copy));
    }
  });

  it("keeps a run.json that the run made, and follows no link out of the folder", () => {
    const outside = folder();
    const root = build(folder(), {
      ...made,
      [`${OUTPUTS}/run.json`]: file("of the run"),
      [`${OUTPUTS}/modal-run.json`]: file(SUMMARY),
      [`${OUTPUTS}/away/x`]: file("x"),
      [`${OUTPUTS}/.vscode/tasks.json`]: file("{}"),
      [`${OUTPUTS}/.eslintrc`]: file("{}"),
      away: symlink(outside),
    });
    const { skipped, guarded } = keep(root, "replace");
    assert.deepEqual(
      skipped.map(({ path }) => path),
      [".vscode/tasks.json", "away/x"],
    );
    assert.deepEqual(
      guarded.map(({ path }) => path),
      [".eslintrc"],
    );
    assert.ok(!existsSync(join(root, ".eslintrc")) && existsSync(join(root, guarded[0]?.copy ?? "")));
    assert.equal(readFileSync(join(root, "run.json"), "utf8"), "of the run");
    assert.ok(!existsSync(join(root, "modal-run.json")));
    assert.ok(!existsSync(join(outside, "x")));
  });

  it("keeps a modal-run.json that the run made", () => {
    const root = build(folder(), { ...made, [`${OUTPUTS}/modal-run.json`]: file("of the run") });
    assert.equal(keep(root, "ask").files, 4);
    assert.equal(readFileSync(join(root, "modal-run.json"), "utf8"), "of the run");
    assert.ok(!existsSync(join(root, "run.json")));
  });

  it("ends if links of the run form a circle, and keeps them as links", () => {
    const root = build(folder(), {
      [`${OUTPUTS}/a`]: symlink("."),
      [`${OUTPUTS}/b`]: symlink("."),
      [`${OUTPUTS}/deep/up`]: symlink(".."),
      [`${OUTPUTS}/deep/x`]: file("x"),
    });
    assert.equal(keep(root, "ask").files, 4);
    assert.equal(listTree(root).filter((line) => !line.startsWith('"runs')).length, 5);
  });

  it("completes no bare git repository with files that are already here", () => {
    const root = build(folder(), {
      HEAD: file("ref: refs/heads/main"),
      "refs/heads/x": file(""),
      [`${OUTPUTS}/config`]: file("[core]\n\tfsmonitor = evil"),
      [`${OUTPUTS}/sub/HEAD`]: file("ref: refs/heads/main"),
      [`${OUTPUTS}/sub/objects/x`]: file(""),
      [`${OUTPUTS}/sub/config`]: file("[core]\n\tfsmonitor = evil"),
    });
    const { guarded, skipped } = keep(root, "replace");
    assert.deepEqual(skipped, []);
    assert.ok(guarded.some(({ path }) => path === "config") && guarded.some(({ path }) => path === "sub/config"));
    assert.ok(!existsSync(join(root, "config")) && !existsSync(join(root, "sub/config")));
  });
});

describe("the list of a run's outputs", () => {
  const folder = temporaryFolders();

  it("is refused if it has more entries than the limit", () => {
    const root = build(folder(), { a: file(""), "b/c": file("") });
    assert.equal(listOutputs(root, 3).length, 3);
    assert.throws(() => listOutputs(root, 2), /more than 2 entries/);
  });
});
