import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, describe, it } from "mocha";
import type { Sandbox } from "modal";
import { generations, useLocalBackend } from "./support/fixture";

for (const { generation, gpu } of generations)
  describe(`the filesystem of a sandbox of generation ${generation}`, function () {
    this.timeout(60_000);
    const local = useLocalBackend();
    let sandbox: Sandbox;

    before(async () => {
      sandbox = await local.create(gpu);
    });

    it("keeps what is written, of any size, and makes the folders on the way", async () => {
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

    it("tells who watches it what happens", async () => {
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

    it("says what went wrong by the SDK's own errors", async () => {
      const { filesystem } = sandbox;
      await assert.rejects(filesystem.readText("/no/such/file"), { name: "SandboxFilesystemNotFoundError" });
      await assert.rejects(filesystem.readText("/tmp"), { name: "SandboxFilesystemIsADirectoryError" });
      await filesystem.writeText("", "/tmp/file");
      await assert.rejects(filesystem.writeText("", "/tmp/file/below"), {
        name: "SandboxFilesystemNotADirectoryError",
      });
      await filesystem.remove("/tmp/file");
      await assert.rejects(filesystem.stat("/tmp/file"), { name: "SandboxFilesystemNotFoundError" });
    });
  });
