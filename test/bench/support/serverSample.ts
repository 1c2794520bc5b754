import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { LocalBackend, LocalBackendOptions } from "../../backend/support/localBackend";
import { eventually } from "../../backend/support/processes";

/** The resources of a local backend. None may grow with the number of sandboxes that it has had. */
export interface ServerSample {
  /** Once all garbage is collected. */
  readonly memoryBytes: number;
  readonly descriptors: number;
  readonly mounts: number;
  readonly processes: number;
  readonly files: number;
}

/** The options of a backend that can be sampled. */
export const sampled: LocalBackendOptions = {
  env: { NODE_OPTIONS: `--require ${resolve("out/test/bench/support/memoryProbe.js")}` },
};

/** A sample once nothing is left of what ended last, which for a moment has processes and files yet. */
export async function settledSample(backend: LocalBackend, before: ServerSample): Promise<ServerSample> {
  let now = await sample(backend);
  const isSettled = (): boolean =>
    now.processes <= before.processes && now.descriptors <= before.descriptors && now.mounts <= before.mounts;
  await eventually(async () => isSettled() || ((now = await sample(backend)), isSettled()));
  return now;
}

export async function sample(backend: LocalBackend): Promise<ServerSample> {
  const { pid, stateDir } = backend;
  return {
    memoryBytes: await memoryOf(backend),
    descriptors: (await readdir(`/proc/${pid}/fd`)).length,
    mounts: (await readFile(`/proc/${pid}/mountinfo`, "utf8")).split("\n").length,
    processes: (await descendantsOf(pid)).length,
    files: await filesIn(join(stateDir, "servers")),
  };
}

async function memoryOf({ pid, log }: LocalBackend): Promise<number> {
  const told = () => [...log().matchAll(/^memory: (\d+)$/gm)].map(([, bytes]) => Number(bytes));
  const before = told().length;
  process.kill(pid, "SIGUSR2");
  await eventually(() => Promise.resolve(told().length > before));
  return told().at(-1) ?? Number.NaN;
}

/** But for the pipes that wait for programs, whose number comes and goes. */
async function filesIn(folder: string): Promise<number> {
  const paths = await readdir(folder, { recursive: true }).catch(() => []);
  return paths.filter((path) => !path.includes("/pipes/")).length;
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
