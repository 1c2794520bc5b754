import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { appendFile, mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { delay } from "../../../base/async";
import type { Limits } from "../../base/isolation";
import ENTER_GROUPS from "./enterGroups.sh";

type Controller = "cpu" | "memory";

/** A folder of a control group file system in which this user may create groups, and the limits that those support. */
interface Place {
  readonly folder: string;
  readonly controllers: readonly Controller[];
  readonly version: 1 | 2;
}

/** The processes of one sandbox, under its limits. */
export interface ControlGroup {
  /** A command prefix that makes the command a member. */
  readonly prefix: readonly string[];
  /** Call this when the group has no members. */
  remove(): Promise<void>;
}

/** Limits enforced by the kernel's control groups, version 1 or 2, as far as this user may create them. */
export class ControlGroups {
  readonly #places: readonly Place[];
  readonly #marker: string;
  #made = 0;

  /** `folder` and `marker` are the server's. The groups that a killed server leaves behind are found by them. */
  static async find(folder: string, marker: string, files: GroupFiles = SYSTEM): Promise<ControlGroups> {
    const places = process.platform === "linux" ? findPlaces(files) : [];
    await appendFile(join(folder, PLACES), places.map((place) => `${place.folder}\n`).join(""));
    return new ControlGroups(places, marker);
  }

  private constructor(places: readonly Place[], marker: string) {
    this.#places = places;
    this.#marker = marker;
  }

  /** One sentence that says which limits are enforced. */
  get description(): string {
    const enforced = CONTROLLERS.filter((name) => this.#places.some(({ controllers }) => controllers.includes(name)));
    if (enforced.length === 2) return "CPU and memory limits are enforced.";
    return enforced[0] === undefined
      ? "CPU and memory limits are not enforced."
      : `Only the ${enforced[0]} limit is enforced.`;
  }

  /** Creates a group for one sandbox. Undefined if there is nothing to limit. */
  async create(limits: Limits): Promise<ControlGroup | undefined> {
    const name = `${NAME}${this.#marker}-${(this.#made += 1)}`;
    const folders: string[] = [];
    const remove = async () => {
      for (const folder of folders) await removeGroup(folder);
    };
    try {
      for (const place of this.#places) {
        const settings = place.controllers.flatMap((controller) => SETTINGS[place.version][controller](limits));
        if (settings.length === 0) continue;
        const folder = join(place.folder, name);
        await mkdir(folder);
        folders.push(folder);
        for (const { file, value, isOptional } of settings)
          await writeFile(join(folder, file), value).catch((error: unknown) => {
            if (!isOptional) throw error;
          });
      }
    } catch (error) {
      await remove();
      throw error;
    }
    if (folders.length === 0) return undefined;
    const lists = folders.map((folder) => join(folder, "cgroup.procs"));
    return { prefix: ["/bin/sh", "-c", ENTER_GROUPS, "sh", ...lists, "--"], remove };
  }
}

/**
 * A file in a server's folder that lists the places of its groups, one per line. Each group's name begins with this
 * prefix and the marker.
 */
export const PLACES = "control-groups";
export const NAME = "modal-local-";

/** Removes the groups of a dead server. */
export async function removeGroupsOf(folder: string, marker: string): Promise<void> {
  const places = await readFile(join(folder, PLACES), "utf8").catch(() => "");
  for (const place of places.split("\n").filter((line) => line !== "")) {
    const names = await readdir(place).catch(() => []);
    for (const name of names) if (name.startsWith(`${NAME}${marker}-`)) await removeGroup(join(place, name));
  }
}

const CONTROLLERS: readonly Controller[] = ["cpu", "memory"];
const CPU_PERIOD_US = 100_000;

interface Setting {
  readonly file: string;
  readonly value: string;
  /** True if some kernels lack it. */
  readonly isOptional?: boolean;
}

const SETTINGS: Record<1 | 2, Record<Controller, (limits: Limits) => readonly Setting[]>> = {
  1: {
    cpu: ({ cpus }) =>
      cpus === undefined
        ? []
        : [
            { file: "cpu.cfs_period_us", value: String(CPU_PERIOD_US) },
            { file: "cpu.cfs_quota_us", value: String(Math.round(cpus * CPU_PERIOD_US)) },
          ],
    memory: ({ memoryBytes }) =>
      memoryBytes === undefined
        ? []
        : [
            { file: "memory.limit_in_bytes", value: String(memoryBytes) },
            { file: "memory.memsw.limit_in_bytes", value: String(memoryBytes), isOptional: true },
          ],
  },
  2: {
    cpu: ({ cpus }) =>
      cpus === undefined ? [] : [{ file: "cpu.max", value: `${Math.round(cpus * CPU_PERIOD_US)} ${CPU_PERIOD_US}` }],
    memory: ({ memoryBytes }) =>
      memoryBytes === undefined
        ? []
        : [
            { file: "memory.max", value: String(memoryBytes) },
            { file: "memory.swap.max", value: "0", isOptional: true },
          ],
  },
};

/** The control groups of this machine, and the list of the server's own groups. */
export interface GroupFiles {
  readonly mount: string;
  readonly own: string;
}

const SYSTEM: GroupFiles = { mount: "/sys/fs/cgroup", own: "/proc/self/cgroup" };

function findPlaces({ mount, own: list }: GroupFiles): Place[] {
  const lines = readText(list).split("\n");
  const own = (controller: string): string =>
    lines.map((line) => line.split(":")).find(([, names = ""]) => names.split(",").includes(controller))?.[2] ?? "/";
  if (existsSync(join(mount, "cgroup.controllers")))
    return [unifiedPlace(mount, own(""))].flatMap((place) => place ?? []);
  return CONTROLLERS.flatMap((controller): Place[] => {
    const folder = [join(mount, controller, own(controller)), join(mount, controller)].find(isWritable);
    return folder === undefined ? [] : [{ folder, controllers: [controller], version: 1 }];
  });
}

/**
 * The nearest parent folder that passes on most of the controllers. A group with processes, such as this server's own,
 * cannot pass any on.
 */
function unifiedPlace(mount: string, own: string): Place | undefined {
  let best: Place | undefined;
  for (let path = own; ; path = dirname(path)) {
    const folder = join(mount, path);
    const passedOn = readText(join(folder, "cgroup.subtree_control")).trim().split(" ");
    const controllers = CONTROLLERS.filter((name) => passedOn.includes(name));
    if (controllers.length > (best?.controllers.length ?? 0) && isWritable(folder))
      best = { folder, controllers, version: 2 };
    if (path === "/") return best;
  }
}

function isWritable(folder: string): boolean {
  try {
    for (const path of [folder, join(folder, "cgroup.procs")]) accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const TRIES = 50;
const RETRY_MS = 20;

/** A process that was just killed may still count as a member. */
async function removeGroup(folder: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1)
    try {
      await rmdir(folder);
      return;
    } catch (error) {
      if (!existsSync(folder)) return;
      if (attempt === TRIES) throw error;
      await delay(RETRY_MS);
    }
}
