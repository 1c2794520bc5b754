import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, it } from "mocha";
import type { Sandbox } from "modal";
import { generations, useLocalBackend } from "../../support/fixture";

for (const { generation, gpu } of generations)
  describe(`the filesystem of a sandbox of generation ${generation}`, function () {
    this.timeout(60_000);
    const local = useLocalBackend();
    let sandbox: Sandbox;

    before(async () => {
      sandbox = await local.create(gpu);
    });

    it("stores files of any size, and creates parent folders", async () => {
      const { filesystem } = sandbox;
      await filesystem.writeText("grün\n", "/workspace/a/b/text");
      assert.equal(await filesystem.readText("/workspace/a/b/text"), "grün\n");
      const data = randomBytes(3_000_000);
      await filesystem.writeBytes(data, "/workspace/data");
      assert.deepEqual(Buffer.from(await filesystem.readBytes("/workspace/data")), data);
      const names = (await filesystem.listFiles("/workspace")).map(({ name }) => name);
      assert.deepEqual(names, ["a", "data"]);
    });

    it("is the one that execs see", async () => {
      await sandbox.filesystem.writeText("from outside", "/tmp/note");
      const exec = await sandbox.exec(["sh", "-c", "cat /tmp/note; echo inside > /tmp/note"]);
      assert.equal(await exec.stdout.readText(), "from outside");
      assert.equal(await sandbox.filesystem.readText("/tmp/note"), "inside\n");
    });

    it("reports changes to a watcher", async () => {
      const { filesystem } = sandbox;
      await filesystem.makeDirectory("/workspace/watched");
      const seen: string[] = [];
      const writes = setInterval(() => void filesystem.writeText("x", "/workspace/watched/file"), 300);
      try {
        for await (const { eventType, paths } of filesystem.watch("/workspace/watched")) {
          seen.push(`${eventType} ${paths.join()}`);
          if (seen.some((event) => event.endsWith("/file"))) break;
        }
      } finally {
        clearInterval(writes);
      }
      assert.match(seen.at(-1) ?? "", /^(Create|Modify|Access) \/workspace\/watched\/file$/);
    });

    it("copies files from and to this machine, and describes them", async () => {
      const { filesystem } = sandbox;
      const folder = await mkdtemp(join(tmpdir(), "filesystem-"));
      await writeFile(join(folder, "from"), "local");
      await filesystem.copyFromLocal(join(folder, "from"), "/workspace/copy/of");
      await filesystem.copyToLocal("/workspace/copy/of", join(folder, "deep/to"));
      assert.equal(await readFile(join(folder, "deep/to"), "utf8"), "local");
      await rm(folder, { recursive: true });

      const { type, size, permissions, mode } = await filesystem.stat("/workspace/copy/of");
      const exec = await sandbox.exec(["stat", "-c", "%s %a %f", "/workspace/copy/of"]);
      const shown = `${size} ${permissions.replace(/^0/, "")} ${mode.toString(16)}\n`;
      assert.deepEqual([type, shown], ["file", await exec.stdout.readText()]);
    });

    it("reports failures with the SDK's own errors", async () => {
      const { filesystem } = sandbox;
      const fails = (doing: Promise<unknown>, kind: string) =>
        assert.rejects(doing, { name: `SandboxFilesystem${kind}Error` });
      await filesystem.makeDirectory("/tmp/errors/full/below");
      await filesystem.writeText("", "/tmp/errors/file");
      const huge = await sandbox.exec(["truncate", "-s", "6G", "/tmp/errors/huge"]);
      assert.equal(await huge.wait(), 0);

      await fails(filesystem.readText("/no/such/file"), "NotFound");
      await fails(filesystem.remove("/no/such/file"), "NotFound");
      await fails(filesystem.makeDirectory("/no/parent", { createParents: false }), "NotFound");
      await fails(filesystem.readText("/tmp"), "IsADirectory");
      await fails(filesystem.writeText("", "/tmp/errors"), "IsADirectory");
      await fails(filesystem.writeText("", "/tmp/errors/file/below"), "NotADirectory");
      await fails(filesystem.listFiles("/tmp/errors/file"), "NotADirectory");
      await fails(filesystem.makeDirectory("/tmp/errors/file"), "PathAlreadyExists");
      await fails(filesystem.remove("/tmp/errors/full", { recursive: false }), "DirectoryNotEmpty");
      await fails(filesystem.readBytes("/tmp/errors/huge"), "FileTooLarge");
      await fails(filesystem.remove("/proc/1"), "Permission");
      await filesystem.remove("/tmp/errors", { recursive: true });
      await fails(filesystem.stat("/tmp/errors"), "NotFound");
    });
  });
