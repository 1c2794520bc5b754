import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFixture, type Fixture } from "../backend/support/fixture";
import { median, type Row } from "./table";

const MINUTES = Number(process.env.SOAK_MINUTES ?? 10);
const WORKERS = 3;
const SAMPLE_MS = 1000;
const KB = 1024;

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

interface Sample {
  readonly memoryKb: number;
  readonly descriptors: number;
  readonly mounts: number;
  readonly processes: number;
  readonly files: number;
}

/** Creates, execs, snapshots and terminates, with faults, for `SOAK_MINUTES`, and looks for what stays behind. */
export async function soak(): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "soak-"));
  const faults = join(folder, "faults.json");
  const fixture = await startFixture({ arguments: ["--faults", faults] });
  try {
    const counts = { rounds: 0, broken: 0, snapshots: 0 };
    const round = () => lifeOf(fixture, counts);
    for (let i = 0; i < 20; i += 1) await round();
    const before = await sample(fixture);

    await writeFile(faults, JSON.stringify(FAULTS));
    const endAt = Date.now() + MINUTES * 60_000;
    const memory: number[] = [];
    const sampling = setInterval(() => void sample(fixture).then(({ memoryKb }) => memory.push(memoryKb)), SAMPLE_MS);
    await Promise.all(
      Array.from({ length: WORKERS }, async () => {
        while (Date.now() < endAt) await round();
      }),
    );
    clearInterval(sampling);
    await writeFile(faults, "{}");
    await endAll(fixture);

    const after = await sample(fixture);
    const fifth = Math.ceil(memory.length / 5);
    const early = median(memory.slice(fifth, 2 * fifth));
    const late = median(memory.slice(-fifth));
    const growth = (what: string, key: keyof Sample): Row => ({
      what,
      result: String(after[key]),
      against: `before ${before[key]}`,
      ratio: "",
      target: "no growth",
    });
    return [
      { what: `sandboxes in ${MINUTES} min`, result: String(counts.rounds), against: "", ratio: "", target: "" },
      { what: "of them broken by a fault", result: String(counts.broken), against: "", ratio: "", target: "" },
      { what: "snapshots", result: String(counts.snapshots), against: "", ratio: "", target: "" },
      {
        what: "memory, last fifth",
        result: `${Math.round(late / KB)} MiB`,
        against: `second fifth ${Math.round(early / KB)} MiB`,
        ratio: (late / early).toFixed(2),
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

async function sample({ backend: { pid, stateDir } }: Fixture): Promise<Sample> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const files = await readdir(join(stateDir, "servers"), { recursive: true }).catch(() => []);
  return {
    memoryKb: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]),
    descriptors: (await readdir(`/proc/${pid}/fd`)).length,
    mounts: (await readFile(`/proc/${pid}/mountinfo`, "utf8")).split("\n").length,
    processes: (await descendantsOf(pid)).length,
    files: files.length,
  };
}

async function descendantsOf(pid: number): Promise<readonly number[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map<number, number>();
  for (const id of ids) {
    const stat = await readFile(`/proc/${id}/stat`, "utf8").catch(() => "");
    parents.set(id, Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const isBelow = (id: number | undefined): boolean =>
    id !== undefined && id > 1 && (parents.get(id) === pid || isBelow(parents.get(id)));
  return ids.filter(isBelow);
}
