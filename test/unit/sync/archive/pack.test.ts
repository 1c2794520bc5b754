import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, ftruncateSync, openSync, closeSync, rmSync, symlinkSync, truncateSync, utimesSync } from "node:fs";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, it } from "mocha";

import { skip } from "../../../support/skip";
import { pack } from "../../../../src/sync/archive/pack";
import { scan } from "../../../../src/sync/folder/scan";
import { build, file, listTree, temporaryFolders } from "../support/folders";
import { asBusyboxKeeps } from "../support/localExec";
import { nasty } from "../support/nasty";

describe("an archive for a push", () => {
  const folder = temporaryFolders();

  for (const tar of [["tar"], ["busybox", "tar"]]) {
    it(`is unpacked by ${tar.join(" ")} into the same tree`, async function () {
      if (spawnSync(tar[0] ?? "", ["--help"]).error) skip(this, `needs ${tar[0] ?? ""}`);
      const root = build(folder(), nasty);
      chmodSync(join(root, "read-only folder"), 0o755);
      const { archive, skipped } = await packed(root);

      const unpacked = unpack(tar, archive);

      assert.deepEqual(skipped, []);
      const sent = listTree(root);
      assert.deepEqual(listTree(unpacked), tar[0] === "busybox" ? asBusyboxKeeps(sent) : sent);
    });
  }

  it("keeps times before 1970 and after 2038", async () => {
    const root = build(folder(), { ancient: file(), future: file() });
    utimesSync(join(root, "ancient"), -1000, -1000);
    utimesSync(join(root, "future"), 4_102_444_800, 4_102_444_800);

    assert.deepEqual(listTree(unpack(["tar"], (await packed(root)).archive)), listTree(root));
  });

  it("has the size of a file over 8 GiB", async () => {
    const root = folder();
    const size = 9 * 1024 ** 3;
    const sparse = openSync(join(root, "huge"), "w");
    ftruncateSync(sparse, size);
    closeSync(sparse);
    const start: Uint8Array[] = [];
    const enough = new Error("enough");
    const sink = {
      write: (chunk: Uint8Array) => void start.push(chunk),
      ready: () => (start.length > 1 ? Promise.reject(enough) : Promise.resolve()),
    };

    await pack(root, { entries: scan(root).entries, checks: [], modes: "" }, sink, {
      files: 0,
      bytes: 0,
      path: "",
    }).catch(() => undefined);

    const listing = spawnSync("tar", ["-tvf", "-"], { input: Buffer.concat(start), encoding: "utf8" }).stdout;
    assert.match(listing, new RegExp(` ${size} .* tree/huge`));
  });

  it("leaves out files that vanished, cannot be read or became something else", async () => {
    const root = build(folder(), { gone: file(), link: file(), folder: file(), stays: file("here") });
    const { entries } = scan(root);
    rmSync(join(root, "gone"));
    rmSync(join(root, "link"));
    symlinkSync("stays", join(root, "link"));
    rmSync(join(root, "folder"));
    mkdirSync(join(root, "folder"));

    const { archive, skipped } = await packed(root, entries);

    assert.deepEqual(new Set(skipped.map(({ path }) => path)), new Set(["gone", "link", "folder"]));
    assert.deepEqual(namesIn(unpack(["tar"], archive)), ["stays"]);
  });

  it("contains all of a file that grew after the scan", async () => {
    const root = build(folder(), { "grows.log": file("before") });
    const { entries } = scan(root);
    writeFileSync(join(root, "grows.log"), "before and after");

    const { archive, skipped } = await packed(root, entries);

    assert.deepEqual(skipped, []);
    assert.equal(readFileSync(join(unpack(["tar"], archive), "grows.log"), "utf8"), "before and after");
  });

  it("contains as much of a growing file as there was when it was opened", async () => {
    const root = build(folder(), { "grows.log": file(Buffer.alloc(2_000_000)), stays: file() });
    let asked = 0;
    const ready = () => {
      asked += 1;
      appendFileSync(join(root, "grows.log"), Buffer.alloc(100_000));
      return Promise.resolve();
    };

    const { archive, skipped } = await packed(root, scan(root).entries, ready);

    assert.ok(asked > 4);
    assert.deepEqual(skipped, []);
    assert.deepEqual(namesIn(unpack(["tar"], archive)), ["grows.log", "stays"]);
  });

  it("fills up a file that shrinks while it is read, reports it and contains the rest unchanged", async () => {
    const root = build(folder(), { shrinks: file(Buffer.alloc(4_000_000, 1)), stays: file("here") });
    const { entries } = scan(root);
    let asked = 0;
    const ready = () => {
      asked += 1;
      if (asked === 4) truncateSync(join(root, "shrinks"), 600_000);
      return Promise.resolve();
    };

    const { archive, skipped } = await packed(root, entries, ready);

    assert.deepEqual(
      skipped.map(({ path }) => path),
      ["shrinks"],
    );
    assert.deepEqual(namesIn(unpack(["tar"], archive)), ["shrinks", "stays"]);
  });

  it("is written in parts of limited size, however big the files are", async () => {
    const files = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`f${n}`, file(Buffer.alloc(400_000))]));
    const root = build(folder(), { ...files, big: file(Buffer.alloc(20_000_000)) });
    let sinceReady = 0;
    let most = 0;
    const sink = {
      write: (chunk: Uint8Array) => {
        sinceReady += chunk.length;
        most = Math.max(most, sinceReady);
      },
      ready: () => {
        sinceReady = 0;
        return Promise.resolve();
      },
    };

    await pack(root, { entries: scan(root).entries, checks: [], modes: "" }, sink, { files: 0, bytes: 0, path: "" });

    assert.ok(most < 1_100_000, `${most} bytes`);
  });

  async function packed(root: string, entries = scan(root).entries, ready = () => Promise.resolve()) {
    const chunks: Uint8Array[] = [];
    const sink = { write: (chunk: Uint8Array) => void chunks.push(Buffer.from(chunk)), ready };
    const { skipped } = await pack(root, { entries, checks: [], modes: "" }, sink, { files: 0, bytes: 0, path: "" });
    return { archive: Buffer.concat(chunks), skipped };
  }

  function unpack([command = "", ...args]: string[], archive: Buffer): string {
    const into = folder();
    const { status, stderr } = spawnSync(command, [...args, "-x", "-p", "-f", "-", "-C", into], { input: archive });
    assert.equal(status, 0, stderr.toString());
    const modes = spawnSync("sh", [join(into, "modes")], { cwd: join(into, "tree"), encoding: "utf8" });
    assert.deepEqual([modes.status, modes.stderr], [0, ""]);
    return join(into, "tree");
  }

  const namesIn = (root: string): string[] =>
    listTree(root).map((line) => JSON.parse(line.split(" ")[0] ?? "") as string);
});
