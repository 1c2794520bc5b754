import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { delay } from "../../../../src/base/async";
import { seededRandom } from "../../../../src/local/faults/seededRandom";
import { SEED, seeded } from "../../../support/seed";
import { startFixture, type Fixture } from "../../support/fixture";
import { eventually } from "../../support/processes";

const KILLS = 6;
const WORKERS = 3;
const LONGEST_MS = 1500;
/** The entries of the state folder that outlive a server. */
const KEPT = ["images", "servers", "tunnels.json", "tunnels.pem", "volumes"];

describe("a server that is killed at any moment", function () {
  this.timeout(120_000);

  it(seeded("leaves no process, mount, network, folder or file behind"), async () => {
    const random = seededRandom(SEED);
    const networks = (await readdir("/sys/class/net")).length;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const fixture = await startFixture();
      const { stateDir } = fixture.backend;
      const [folder = ""] = await readdir(join(stateDir, "servers"));
      const [, marker = ""] = folder.split("-");
      // These calls fail much later than the server.
      for (let worker = 0; worker < WORKERS; worker += 1) work(fixture).catch(() => undefined);

      // Each kill interrupts another stage of the work.
      await delay((LONGEST_MS / KILLS) * (kill + random()));
      fixture.backend.kill();
      fixture.modal.close();

      const isClean = async () =>
        (await readdir(join(stateDir, "servers"))).length === 0 &&
        (await filesOfProcesses("environ")).every((text) => !text.includes(marker)) &&
        (await filesOfProcesses("mountinfo")).every((text) => !text.includes(stateDir));
      assert.ok(await eventually(isClean), `after kill ${kill}`);
      assert.deepEqual(
        (await readdir(stateDir)).filter((name) => !KEPT.includes(name)),
        [],
      );
      assert.equal((await readdir("/sys/class/net")).length, networks);
      await fixture.backend.stop();
    }
  });
});

/** Creates and ends sandboxes until a call fails. */
async function work(fixture: Fixture): Promise<never> {
  const volume = await fixture.modal.volumes.fromName("kept", { createIfMissing: true });
  for (;;) {
    const sandbox = await fixture.create({
      command: ["sh", "-c", "(setsid sleep 1010 &); sleep 1010"],
      volumes: { "/data": volume },
      memoryMiB: 64,
      memoryLimitMiB: 256,
    });
    const exec = await sandbox.exec(["sh", "-c", "echo x > /data/x; seq 200000"]);
    await Promise.all([exec.stdout.readText(), sandbox.snapshotFilesystem()]);
    await sandbox.terminate({ wait: true });
  }
}

async function filesOfProcesses(name: string): Promise<readonly string[]> {
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  return Promise.all(pids.map((pid) => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "")));
}
