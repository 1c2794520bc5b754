import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Image, SidecarContainer } from "modal";
import { needOwnRoot } from "../../support/abilities";
import { generations, useLocalBackend } from "../../support/fixture";
import { processesWith } from "../../support/processes";

const SLEEP = { command: ["sleep", "600"] };

for (const { generation, gpu } of generations)
  describe(`a sidecar of a sandbox of generation ${generation}`, function () {
    this.timeout(60_000);
    const local = useLocalBackend();

    const output = async (container: SidecarContainer, script: string) => {
      const exec = await container.exec(["sh", "-c", script]);
      assert.equal(await exec.wait(), 0, await exec.stderr.readText());
      return exec.stdout.readText();
    };

    it("runs until it is terminated, and is found by its name until then", async () => {
      const { experimentalSidecars: sidecars } = await local.create(gpu);
      const worker = await sidecars.create("worker", local.image, SLEEP);
      assert.equal(worker.containerName, "worker");
      assert.equal(await worker.poll(), null);
      assert.equal((await sidecars.get("worker")).containerId, worker.containerId);
      await assert.rejects(sidecars.create("worker", local.image, SLEEP), { name: "AlreadyExistsError" });

      assert.equal(await worker.terminate({ wait: true }), 137);
      assert.equal(await worker.poll(), 137);
      await assert.rejects(sidecars.get("worker"), { name: "NotFoundError" });
      assert.deepEqual(await sidecars.list(), []);
      const [listed] = await sidecars.list({ includeTerminated: true });
      assert.equal(listed?.containerId, worker.containerId);
    });

    it("returns its command's exit code, and then frees its name", async () => {
      const { experimentalSidecars: sidecars } = await local.create(gpu);
      const first = await sidecars.create("once", local.image, { command: ["sh", "-c", "exit 42"] });
      assert.equal(await first.wait(), 42);
      assert.equal((await sidecars.get("once", { includeTerminated: true })).containerId, first.containerId);
      const second = await sidecars.create("once", local.image, SLEEP);
      assert.equal((await sidecars.get("once", { includeTerminated: true })).containerId, second.containerId);
      await assert.rejects(first.exec(["true"]), /NOT_FOUND/);
    });

    it("has its own environment, folder, volumes and files", async function () {
      needOwnRoot(this, local);
      const sandbox = await local.create(gpu);
      const volume = await local.modal.volumes.ephemeral();
      const sidecar = await sandbox.experimentalSidecars.create("own", local.image, {
        ...SLEEP,
        env: { A: "env" },
        secrets: [await local.modal.secrets.fromObject({ A: "secret", B: "b" })],
        workdir: "/made/for it",
        volumes: { "/mnt/data": volume },
      });
      const seen = await output(sidecar, "echo $A $B $MODAL_SANDBOX_ID $PWD; echo kept > /mnt/data/file");
      assert.equal(seen, `env b ${sandbox.sandboxId} /made/for it\n`);
      await sidecar.filesystem.writeText("mine", "/tmp/file");
      assert.equal(await sidecar.filesystem.readText("/tmp/file"), "mine");
      await assert.rejects(sandbox.filesystem.stat("/tmp/file"), { name: "SandboxFilesystemNotFoundError" });
      await sidecar.terminate({ wait: true });
      const reader = await local.create({
        ...gpu,
        volumes: { "/mnt/data": volume },
        command: ["cat", "/mnt/data/file"],
      });
      assert.match(await reader.stdout.readText(), /kept\n$/);
      volume.closeEphemeral();
    });

    it("can be saved as an image, and can have an image mounted", async function () {
      needOwnRoot(this, local);
      const { experimentalSidecars: sidecars } = await local.create(gpu);
      const one = await sidecars.create("one", local.image, SLEEP);
      await output(one, "mkdir /tmp/folder && echo mine > /tmp/folder/file");
      const snapshots: Image[] = [await one.snapshotFilesystem(), await one.snapshotDirectory("/tmp/folder")];
      const [all, folder] = snapshots;
      const two = await sidecars.create("two", all ?? local.image, SLEEP);
      await two.mountImage("/mnt/shown", folder);
      assert.equal(await output(two, "cat /tmp/folder/file /mnt/shown/file"), "mine\nmine\n");
      await two.unmountImage("/mnt/shown");
      assert.equal(await output(two, "ls /mnt/shown"), "");
    });

    it("ends with its sandbox", async () => {
      const sandbox = await local.create(gpu);
      const marker = `5${Date.now()}`;
      const sidecar = await sandbox.experimentalSidecars.create("bound", local.image, { command: ["sleep", marker] });
      assert.notEqual((await processesWith(marker)).length, 0);
      await sandbox.terminate({ wait: true });
      assert.deepEqual(await processesWith(marker), []);
      assert.equal(await sidecar.poll(), 137);
      await assert.rejects(sandbox.experimentalSidecars.create("late", local.image, SLEEP), /NOT_FOUND/);
    });

    it("is refused if its name means the sandbox or its image does not exist", async () => {
      const { experimentalSidecars: sidecars } = await local.create(gpu);
      await assert.rejects(sidecars.create("main", local.image), { name: "InvalidError" });
      const unbuilt = local.modal.images.fromRegistry("python:3.12-slim");
      await assert.rejects(sidecars.create("worker", unbuilt), { name: "InvalidError" });
      assert.deepEqual(await sidecars.list({ includeTerminated: true }), []);
    });
  });
