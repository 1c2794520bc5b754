import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { UserError } from "../../../src/base/errors";
import { GroupFolder } from "../../../src/run/groupFolder";

describe("the folder for the outputs of runs that belong together", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "group-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it("is made for the next run, under the name that the run before it would have used, if that run could not make it", async () => {
    const folder = new GroupFolder({ root, runsFolder: "runs", label: "a.py", startedAt: new Date(0) });
    writeFileSync(join(root, "runs"), "in the way");
    await assert.rejects(folder.placeFor("T4"), UserError);
    rmSync(join(root, "runs"));
    const places = await Promise.all([folder.placeFor("T4"), folder.placeFor("T4")]);
    assert.deepEqual(
      places.map((place) => place.split("/").at(-1)),
      ["T4", "T4-2"],
    );
    assert.equal(new Set(places.map((place) => place.split("/").at(-2))).size, 1);
  });
});
