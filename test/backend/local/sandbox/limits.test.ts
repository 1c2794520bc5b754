import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "mocha";
import type { Sandbox } from "modal";
import { skipForRoot } from "../../../support/skip";
import { useLocalBackend } from "../../support/fixture";
import { createClient, startLocalBackend } from "../../support/localBackend";
import { eventually } from "../../support/processes";

const MB = 1024 * 1024;
const ALLOCATE = (megabytes: number) => `const parts = [];
for (let i = 0; i < ${megabytes}; i++) parts.push(Buffer.alloc(${MB}, 1));
console.log(parts.length);`;

describe("the limits of a sandbox", function () {
  this.timeout(60_000);
  const local = useLocalBackend();
  let kept = "";

  before(async () => {
    const [notice] = (await local.modal.cpClient.clientHello({})).serverWarnings;
    kept = notice?.message ?? "";
  });

  const allocate = (sandbox: Sandbox, megabytes: number) => sandbox.exec([process.execPath, "-e", ALLOCATE(megabytes)]);

  it("are reported as enforced or not", () => {
    assert.match(kept, /CPU and memory limits are (not )?enforced\.|Only the (cpu|memory) limit is enforced\./);
  });

  it("kill a program that uses more memory, and spare one that uses less", async function () {
    if (!/and memory limits are enforced|memory limit is enforced/.test(kept))
      skipForRoot(this, "control groups that keep limits");
    const sandbox = await local.create({ memoryMiB: 128, memoryLimitMiB: 256 });
    assert.equal(await (await allocate(sandbox, 600)).wait(), 137);
    const modest = await allocate(sandbox, 50);
    assert.equal(await modest.wait(), 0, await modest.stderr.readText());
  });

  it("end a sandbox with 137 if its command uses more memory", async function () {
    if (!/and memory limits are enforced|memory limit is enforced/.test(kept))
      skipForRoot(this, "control groups that keep limits");
    const command = [process.execPath, "-e", ALLOCATE(600)];
    assert.equal(await (await local.create({ command, memoryMiB: 128, memoryLimitMiB: 256 })).wait(), 137);
  });

  it("restrict a program to its share of a processor", async function () {
    if (!/CPU and memory limits are enforced|cpu limit is enforced/.test(kept))
      skipForRoot(this, "control groups that keep limits");
    const sandbox = await local.create({ cpu: 0.125, cpuLimit: 0.25 });
    const spin = "const end = Date.now() + 2000; while (Date.now() < end); console.log(process.cpuUsage().user / 1e6)";
    const exec = await sandbox.exec([process.execPath, "-e", spin]);
    const secs = Number(await exec.stdout.readText());
    assert.ok(secs > 0 && secs < 1, `${secs} s of processor time in 2 s`);
  });

  it("leave no control group behind, however the server ends", async function () {
    if (kept.includes("limits are not enforced")) skipForRoot(this, "control groups that keep limits");
    for (const isKilled of [false, true]) {
      const backend = await startLocalBackend();
      const modal = createClient(backend);
      const app = await modal.apps.fromName("tests", { createIfMissing: true });
      await modal.sandboxes.create(app, modal.images.fromRegistry("debian"), {
        command: ["sleep", "600"],
        memoryMiB: 128,
        memoryLimitMiB: 256,
      });
      const [server = ""] = readdirSync(join(backend.stateDir, "servers"));
      const places = (await readFile(join(backend.stateDir, "servers", server, "control-groups"), "utf8")).split("\n");
      const groups = () =>
        places
          .filter((place) => place !== "" && existsSync(place))
          .flatMap((place) => readdirSync(place))
          .filter((name) => name.includes(server.split("-")[1] ?? ""));
      assert.equal(groups().length, 1);

      if (isKilled) backend.kill();
      else process.kill(backend.pid, "SIGTERM");
      assert.ok(await eventually(() => Promise.resolve(groups().length === 0)), groups().join());
      modal.close();
      await backend.stop();
    }
  });
});
