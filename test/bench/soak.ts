import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFixture, type Fixture } from "../backend/support/fixture";
import { sample, sampled, settledSample, type ServerSample } from "./support/serverSample";
import type { Row } from "./support/table";

const MINUTES = Number(process.env.SOAK_MINUTES ?? 10);
// A share of the time, after which a server has filled what it keeps on purpose, such as its last ended sandboxes.
const WARM_UP = 0.25;
const WORKERS = 3;
const MIB = 1024 * 1024;

const FAULTS = {
  seed: 1,
  rules: [
    { rpc: "Sandbox*", share: 0.02, status: "UNAVAILABLE" },
    { rpc: "SandboxCreateV2", share: 0.02, after: true },
    { rpc: "SandboxCreateV2", share: 0.02, endsSandboxAfterMs: 50 },
    { rpc: "TaskExecStart", share: 0.05, after: true },
    { rpc: "TaskExecStart", share: 0.02, endsSandboxAfterMs: 20 },
    { rpc: "TaskExecStdioRead", share: 0.05, cutAfterBytes: 1000 },
  ],
};

/** Creates, execs, snapshots and terminates, with faults, for `SOAK_MINUTES`, and looks for what stays behind. */
export async function soak(): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "soak-"));
  const faults = join(folder, "faults.json");
  const fixture = await startFixture({ arguments: ["--faults", faults], ...sampled });
  try {
    const counts = { rounds: 0, broken: 0, snapshots: 0 };
    const runFor = async (minutes: number) => {
      await writeFile(faults, JSON.stringify(FAULTS));
      const endAt = Date.now() + minutes * 60_000;
      const work = async () => {
        while (Date.now() < endAt) await lifeOf(fixture, counts);
      };
      await Promise.all(Array.from({ length: WORKERS }, work));
      await writeFile(faults, "{}");
      await endAll(fixture);
    };
    const atFirst = await sample(fixture.backend);
    await runFor(MINUTES * WARM_UP);
    const before = await settledSample(fixture.backend, atFirst);
    const roundsBefore = counts.rounds;
    await runFor(MINUTES * (1 - WARM_UP));
    const after = await settledSample(fixture.backend, before);

    const count = (what: string, number: number): Row => ({
      what,
      result: String(number),
      against: "",
      ratio: "",
      target: "",
    });
    const growth = (what: string, key: keyof ServerSample): Row => ({
      what,
      result: String(after[key]),
      against: `before ${before[key]}`,
      ratio: "",
      target: "no growth",
    });
    return [
      count(`sandboxes in ${MINUTES} min`, counts.rounds),
      count("of them before the first sample", roundsBefore),
      count("broken by a fault", counts.broken),
      count("snapshots", counts.snapshots),
      {
        what: "memory without garbage",
        result: `${Math.round(after.memoryBytes / MIB)} MiB`,
        against: `before ${Math.round(before.memoryBytes / MIB)} MiB`,
        ratio: (after.memoryBytes / before.memoryBytes).toFixed(2),
        target: "≤ 1.1",
      },
      growth("file descriptors", "descriptors"),
      growth("mounts", "mounts"),
      growth("processes", "processes"),
      growth("files in the server's folder", "files"),
    ];
  } finally {
    fixture.modal.close();
    await fixture.backend.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A sandbox from its creation to its end. What a fault breaks is counted. */
async function lifeOf(fixture: Fixture, counts: { rounds: number; broken: number; snapshots: number }) {
  const { modal, app } = fixture;
  counts.rounds += 1;
  try {
    const sandbox = await fixture.create({ timeoutMs: 60_000 });
    try {
      const exec = await sandbox.exec(["sh", "-c", "seq 1000; echo x > /root/file"]);
      if ((await exec.stdout.readText()).length !== 3893) throw new Error("Output was lost.");
      if (counts.rounds % 10 === 0) {
        const image = await sandbox.snapshotFilesystem();
        counts.snapshots += 1;
        const copy = await modal.sandboxes.create(app, image, { timeoutMs: 60_000 });
        await copy.terminate({ wait: true });
        await modal.images.delete(image.imageId);
      }
    } finally {
      await sandbox.terminate({ wait: true });
    }
  } catch {
    counts.broken += 1;
  }
}

/** Those, too, whose creation or end a fault has kept from us. */
async function endAll({ modal, app }: Fixture): Promise<void> {
  for await (const sandbox of modal.sandboxes.list({ appId: app.appId })) await sandbox.terminate({ wait: true });
}
