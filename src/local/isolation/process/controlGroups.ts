import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { appendFile, mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { delay } from "../../../base/async";
import { quote } from "../../../base/quote";
import type { Limits } from "../../base/isolation";

type Controller = "cpu" | "memory";

/** A folder of a control group file system where this user may make groups, and what those can limit. */
interface Place {
  readonly folder: string;
  readonly controllers: readonly Controller[];
  readonly version: 1 | 2;
}

/** The processes of one sandbox, held to its limits. */
export interface ControlGroup {
  /** Words before a command that make it a member. */
  readonly prefix: readonly string[];
  /** Once it has no members. */
  remove(): Promise<void>;
}

/** Limits by the kernel's control groups, of either version, as far as this machine lets its user make them. */
export class ControlGroups {
  readonly #places: readonly Place[];
  readonly #marker: string;
  #made = 0;

  /** `folder` and `marker` are the server's: what it leaves when it is killed is found by them. */
  static async find(folder: string, marker: string, files: GroupFiles = SYSTEM): Promise<ControlGroups> {
    const places = process.platform === "linux" ? findPlaces(files) : [];
    await appendFile(join(folder, PLACES), places.map((place) => `${place.folder}\n`).join(""));
    return new ControlGroups(places, marker);
  }

  private constructor(places: readonly Place[], marker: string) {
    this.#places = places;
    this.#marker = marker;
  }

  /** One sentence on which limits are kept. */
  get description(): string {
    const kept = CONTROLLERS.filter((name) => this.#places.some(({ controllers }) => controllers.includes(name)));
    if (kept.length === 2) return "CPU and memory limits are kept.";
    return kept[0] === undefined ? "CPU and memory limits are not kept." : `Only the limit of ${kept[0]} is kept.`;
  }

  /** A group for one sandbox; none where nothing is to be limited. */
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
    const enter = folders.map((folder) => `echo $$ > ${quote(join(folder, "cgroup.procs"))} && `).join("");
    return { prefix: ["/bin/sh", "-c", `${enter}exec "$@"`, "sh"], remove };
  }
}

/** In a server's folder: where it makes groups, a line each. Each group's name begins with this and the marker. */
export const PLACES = "control-groups";
export const NAME = "modal-local-";

/** Removes what a dead server has left. */
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
  /** Not every kernel has it. */
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

/** Where this machine has control groups, and its list of the server's own. */
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
 * Of the folders above that pass controllers on, the nearest that passes on most of them: a group with processes, such as
 * our own, cannot.
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

/** What was killed a moment ago may still count as a member. */
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
