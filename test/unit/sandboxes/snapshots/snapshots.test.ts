import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { EnvVault } from "../../../../src/sandboxes/ownership/envVault";
import { Snapshots } from "../../../../src/sandboxes/snapshots/snapshots";
import { secretStore, silentLog } from "../../support/fakes";
import { snapshot } from "../../support/snapshots";

describe("the snapshots of an installation", () => {
  let folder: string;
  let vault: EnvVault;
  beforeEach(async () => {
    vault = new EnvVault(secretStore(), silentLog);
    folder = await mkdtemp(join(tmpdir(), "snapshots-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** A window of it. */
  const open = () => {
    const snapshots = new Snapshots(folder, vault, { now: () => 1000 });
    const heard: (readonly string[])[] = [];
    snapshots.onDidChangeSnapshots((names) => heard.push(names));
    return { snapshots, heard };
  };
  const ids = (list: readonly { readonly imageId: string }[]) => list.map(({ imageId }) => imageId);

  it("are listed newest first, only those of the account, with their sandbox", async () => {
    const { snapshots, heard } = open();
    await snapshots.save(snapshot({ imageId: "im-1", sandboxName: "a", createdAt: 1 }));
    await snapshots.save(snapshot({ imageId: "im-2", sandboxName: "b", createdAt: 2 }));
    assert.deepEqual(ids(snapshots.known), ["im-2", "im-1"]);
    assert.deepEqual(heard, [["a"], ["b"]]);
    assert.deepEqual(await snapshots.all("another"), []);
  });

  it("of other windows appear once with the next list", async () => {
    const [here, there] = [open(), open()];
    await there.snapshots.save(snapshot({ sandboxName: "a" }));
    assert.deepEqual(ids(await here.snapshots.all("account")), ["im-1"]);
    await here.snapshots.all("account");
    assert.deepEqual(here.heard, [["a"]]);

    await there.snapshots.forget("im-1");
    await here.snapshots.all("account");
    assert.deepEqual(here.heard, [["a"], ["a"]]);
    assert.deepEqual(here.snapshots.known, []);
  });

  it("restore the variables of their sandbox, which are not on disk and disappear with the snapshot", async () => {
    const { snapshots } = open();
    const env = { HF_TOKEN: "hf_secret" };
    await vault.keep("vscode-1", env);
    const taken = snapshot({ spec: { ...snapshot().spec, envNames: ["HF_TOKEN"] } });
    await snapshots.add(taken);
    await vault.forget("vscode-1");
    assert.deepEqual((await snapshots.specOf(taken)).env, env);
    assert.doesNotMatch(await readFile(join(folder, "snapshots", "im-1.json"), "utf8"), /hf_secret/);
    await snapshots.forget("im-1");
    assert.deepEqual((await snapshots.specOf(taken)).env, {});
  });

  it("are dropped once Modal has deleted them", async () => {
    const { snapshots } = open();
    await snapshots.save(snapshot({ expiresAt: 1000 }));
    assert.deepEqual(await snapshots.all("account"), []);
    assert.equal(await snapshots.get("im-1"), undefined);
  });
});
