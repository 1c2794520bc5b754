import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { ClientError, Status } from "nice-grpc";
import { skip } from "../../support/skip";
import { generations, useLocalBackend } from "../support/fixture";

const BURN = "import time\nend = time.process_time() + 1.5\nwhile time.process_time() < end: pass";
const HOLD = "held = b'x' * (200 << 20)\nprint('held', flush=True)\nimport time\ntime.sleep(600)";

describe("the resource usage of a sandbox", function () {
  this.timeout(60_000);
  const local = useLocalBackend();
  const usage = (sandboxId: string) => local.modal.cpClient.sandboxGetResourceUsage({ sandboxId });

  it("grows with the CPU time of its programs, and remains after its end", async function () {
    if (process.platform !== "linux") skip(this, "needs Linux");
    const sandbox = await local.create();
    const idle = await usage(sandbox.sandboxId);
    assert.ok(idle.cpuCoreNanosecs < 0.5e9);
    // The shell waits for its child, so the child's usage is known.
    const burn = await sandbox.exec(["sh", "-c", 'python3 -c "$1"; sleep 60', "sh", BURN]);
    let { cpuCoreNanosecs } = await usage(sandbox.sandboxId);
    while (cpuCoreNanosecs < 1.5e9) ({ cpuCoreNanosecs } = await usage(sandbox.sandboxId));
    assert.ok(cpuCoreNanosecs < 4e9, `${cpuCoreNanosecs} is more than the program used`);
    await sandbox.terminate({ wait: true });
    assert.equal(await burn.wait(), 137);
    const after = await usage(sandbox.sandboxId);
    assert.ok(after.cpuCoreNanosecs >= cpuCoreNanosecs && after.cpuCoreNanosecs < 4e9);
    assert.deepEqual(await usage(sandbox.sandboxId), after);
  });

  it("grows with the memory of its programs", async function () {
    if (process.platform !== "linux") skip(this, "needs Linux");
    const sandbox = await local.create({ command: ["python3", "-c", HOLD] });
    assert.equal((await sandbox.stdout.getReader().read()).value, "held\n");
    const measure = async () => {
      const [from, start] = [await usage(sandbox.sandboxId), performance.now()];
      await (await sandbox.exec(["sleep", "1"])).wait();
      const [to, seconds] = [await usage(sandbox.sandboxId), (performance.now() - start) / 1000];
      return (to.memGibNanosecs - from.memGibNanosecs) / 1e9 / seconds;
    };
    // On a busy machine, a program is seen only a while after its start.
    let gib = await measure();
    while (gib < 0.15) gib = await measure();
    assert.ok(gib < 0.4, `${gib} GiB`);
  });

  for (const { generation, gpu } of generations)
    it(`includes the time of the requested GPU (${generation})`, async () => {
      const sandbox = await local.create(gpu);
      const { gpuNanosecs, gpuType } = await usage(sandbox.sandboxId);
      assert.equal(gpuType, "gpu" in gpu ? gpu.gpu : undefined);
      assert.equal(gpuNanosecs > 0, "gpu" in gpu);
    });

  it("is missing for a sandbox that does not exist", async () => {
    await assert.rejects(
      usage("sb-nothing"),
      (error) => error instanceof ClientError && error.code === Status.NOT_FOUND,
    );
  });
});
