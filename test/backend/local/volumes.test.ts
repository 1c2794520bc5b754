import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "mocha";
import type { Sandbox, Volume } from "modal";
import { useLocalBackend } from "../support/fixture";
import { createClient, startLocalBackend } from "../support/localBackend";
import { eventually } from "../support/processes";

const outputIn = async (sandbox: Sandbox, script: string): Promise<string> => {
  const process = await sandbox.exec(["sh", "-c", `{ ${script}\n} 2>&1`]);
  return process.stdout.readText();
};

describe("a volume of the local backend", function () {
  this.timeout(60_000);
  const local = useLocalBackend();
  let made = 0;

  const newVolume = () => local.modal.volumes.fromName(`volume-${(made += 1)}`, { createIfMissing: true });
  const withVolume = (volume: Volume, path = "/data") => local.create({ volumes: { [path]: volume } });

  it("can be looked up, created on request, listed and deleted", async () => {
    const { volumes } = local.modal;
    await assert.rejects(volumes.fromName("found"), { name: "NotFoundError" });
    const { volumeId } = await volumes.fromName("found", { createIfMissing: true });
    assert.equal((await volumes.fromName("found")).volumeId, volumeId);
    const { items } = await local.modal.cpClient.volumeList({});
    assert.ok(items.some((item) => item.label === "found" && item.volumeId === volumeId));
    await volumes.delete("found");
    await assert.rejects(volumes.fromName("found"), { name: "NotFoundError" });
    await assert.rejects(volumes.delete("found"), { name: "NotFoundError" });
    await volumes.delete("found", { allowMissing: true });
    await assert.rejects(volumes.fromName("not a name", { createIfMissing: true }), /not a valid volume name/);
  });

  it("shows one sandbox the files that another wrote before it ended", async () => {
    const volume = await newVolume();
    const writer = await withVolume(volume);
    await outputIn(writer, "mkdir -p /data/a/b; echo 1 > /data/a/b/n; ln -s a/b/n /data/link; chmod 640 /data/a/b/n");
    await writer.terminate();
    const reader = await withVolume(volume, "/elsewhere/deep");
    const script = "cat /elsewhere/deep/link; stat -c %a /elsewhere/deep/a/b/n; touch /elsewhere/deep/more && echo ok";
    assert.equal(await outputIn(reader, script), "1\n640\nok\n");
  });

  it("shows commits of others only after a reload, with changed, replaced and removed files", async () => {
    const volume = await newVolume();
    const first = await withVolume(volume);
    await outputIn(first, "cd /data; mkdir old gone; touch old/x gone/y; echo 1 > n; echo keep > keep");
    await first.terminate();

    const [writer, reader] = await Promise.all([withVolume(volume), withVolume(volume)]);
    await outputIn(writer, "cd /data; rm -r gone; rm -r old; mkdir old; touch old/z; echo 2 > n; echo own > new");
    await outputIn(reader, "echo mine > /data/mine");
    await writer.reloadVolumes();
    assert.equal(await outputIn(reader, "cd /data; ls -1; ls old; cat n"), "gone\nkeep\nmine\nn\nold\nx\n1\n");
    await reader.reloadVolumes();
    assert.equal(await outputIn(reader, "cd /data; ls -1; ls old; cat n"), "keep\nmine\nn\nnew\nold\nz\n2\n");
    await writer.reloadVolumes();
    assert.equal(await outputIn(writer, "cat /data/mine"), "mine\n");
  });

  it("receives files that were written or removed while the sandbox runs", async () => {
    const volume = await newVolume();
    const writer = await withVolume(volume);
    const seen = async () => {
      const reader = await withVolume(volume);
      const names = await outputIn(reader, "ls /data");
      await reader.terminate();
      return names;
    };
    await outputIn(writer, "echo 1 > /data/file");
    assert.ok(await eventually(async () => (await seen()) === "file\n"));
    await outputIn(writer, "rm /data/file; echo 2 > /data/other");
    assert.ok(await eventually(async () => (await seen()) === "other\n"));
  });

  it("keeps the writes of several sandboxes, without restoring files that one of them removed", async () => {
    const volume = await newVolume();
    const sandboxes = await Promise.all(Array.from({ length: 5 }, () => withVolume(volume)));
    await Promise.all(sandboxes.map((sandbox, index) => outputIn(sandbox, `echo ${index} > /data/${index}`)));
    await Promise.all(sandboxes.map((sandbox) => sandbox.reloadVolumes()));
    await Promise.all(sandboxes.map((sandbox) => sandbox.reloadVolumes()));
    const [first, second] = sandboxes;
    assert.ok(first && second);
    assert.equal(await outputIn(first, "cat /data/*"), "0\n1\n2\n3\n4\n");
    await outputIn(first, "rm /data/1");
    await first.reloadVolumes();
    await outputIn(second, "echo x > /data/x");
    await second.reloadVolumes();
    assert.equal(await outputIn(second, "ls /data"), "0\n2\n3\n4\nx\n");
  });

  it("can be mounted read-only", async () => {
    const volume = await newVolume();
    const writer = await withVolume(volume);
    await outputIn(writer, "echo 1 > /data/n");
    await writer.terminate();
    const reader = await withVolume(volume.withMountOptions({ readOnly: true }));
    assert.match(
      await outputIn(reader, "cat /data/n; echo 2 > /data/n; rm -f /data/n; touch /data/x"),
      /^1\n.*Read-only file system\n.*Read-only file system\n.*Read-only file system\n$/,
    );
  });

  it("can be mounted in part", async () => {
    const volume = await newVolume();
    const part = await local.create({ volumes: { "/part": volume.withMountOptions({ subPath: "a/b" }) } });
    await outputIn(part, "echo 1 > /part/n");
    await part.terminate();
    assert.equal(await outputIn(await withVolume(volume), "cd /data; find . | sort"), ".\n./a\n./a/b\n./a/b/n\n");
    await assert.rejects(
      local.create({ volumes: { "/part": volume.withMountOptions({ subPath: "../other" }) } }),
      /leads out of its volume/,
    );
  });

  it("is busy while a program has one of its files open", async () => {
    const sandbox = await withVolume(await newVolume());
    const user = await sandbox.exec(["sh", "-c", "exec 5> /data/open; echo ready; read -r line"]);
    await user.stdout.getReader().read();
    await assert.rejects(sandbox.reloadVolumes(), /busy/);
    await user.stdin.writeText("\n");
    await user.wait();
    await sandbox.reloadVolumes();
    assert.equal(await outputIn(sandbox, "ls /data"), "open\n");
  });

  it("stays available to its sandboxes after it was deleted, and to no one else", async () => {
    const volume = await newVolume();
    const sandbox = await withVolume(volume);
    await outputIn(sandbox, "echo 1 > /data/n");
    await local.modal.volumes.delete(volume.name ?? "");
    assert.equal(await outputIn(sandbox, "cat /data/n; echo 2 > /data/n; cat /data/n"), "1\n2\n");
    await assert.rejects(withVolume(volume), /was not found/);
    await sandbox.terminate();
  });

  it("is refused at an invalid path", async () => {
    const volume = await newVolume();
    for (const path of ["/", "/proc/x", "relative", "/a/../b"])
      await assert.rejects(withVolume(volume, path), /mounted at|absolute path/, path);
  });

  it("without a name exists as long as it is held", async () => {
    const volume = await local.modal.volumes.ephemeral();
    const writer = await withVolume(volume);
    await outputIn(writer, "echo 1 > /data/n");
    await writer.terminate();
    assert.equal(await outputIn(await withVolume(volume), "cat /data/n"), "1\n");
    volume.closeEphemeral();
  });

  it("is not part of a snapshot", async () => {
    const sandbox = await withVolume(await newVolume());
    await outputIn(sandbox, "echo 1 > /data/n; echo 1 > /n");
    const copy = await local.modal.sandboxes.create(local.app, await sandbox.snapshotFilesystem());
    assert.equal(await outputIn(copy, "ls /data; cat /n"), "1\n");
  });
});

describe("the volumes of a local backend that restarts", function () {
  this.timeout(60_000);

  it("exist after the restart, without unused data", async () => {
    const stateDir = await mkdtemp(join(tmpdir(), "volumes-"));
    const run = async (script: string, isKilled: boolean): Promise<string> => {
      const backend = await startLocalBackend({ arguments: ["--state", stateDir] });
      const modal = createClient(backend);
      const app = await modal.apps.fromName("tests", { createIfMissing: true });
      const image = await modal.images.fromRegistry("debian").build(app);
      const volume = await modal.volumes.fromName("kept", { createIfMissing: true });
      const sandbox = await modal.sandboxes.create(app, image, { volumes: { "/data": volume } });
      const text = await outputIn(sandbox, script);
      if (isKilled) {
        await modal.volumes.ephemeral();
        await sandbox.reloadVolumes();
        await outputIn(sandbox, "touch /data/more");
        backend.kill();
      } else await backend.stop();
      modal.close();
      await backend.exited;
      return text;
    };
    await run("echo 1 > /data/n", false);
    assert.equal(await run("cat /data/n; echo 2 > /data/n", true), "1\n");
    assert.equal(await run("cat /data/n; rm /data/n", false), "2\n");

    const next = await startLocalBackend({ arguments: ["--state", stateDir] });
    const volumes = join(stateDir, "volumes");
    assert.ok(
      await eventually(async () => {
        const ids = await readdir(volumes);
        const [id = ""] = ids;
        return ids.length === 1 && (await readdir(join(volumes, id, "versions"))).length === 1;
      }),
    );
    await next.stop();
    await rm(stateDir, { recursive: true, force: true });
  });
});
