import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdir, readdir, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isObject } from "../../../base/guards";
import { NAME, PLACES, removeGroupsOf } from "../process/controlGroups";
import WATCHDOG from "./watchdog.sh";

/** A running server's own folder under the state folder. It disappears with the server. */
export interface ServerFolder {
  readonly path: string;
  /** Set in the environment of every sandbox process, so that no process is left behind. */
  readonly marker: string;
  dispose(): Promise<void>;
}

/** Creates this server's folder, and removes those of servers that died before their watchdogs could. */
export async function openServerFolder(stateDir: string): Promise<ServerFolder> {
  await mkdir(join(stateDir, "servers"), { recursive: true, mode: 0o700 });
  for (const folder of [stateDir, join(stateDir, "servers")]) await requireOwn(folder);
  const servers = await realpath(join(stateDir, "servers"));
  await sweep(servers);

  const marker = randomBytes(8).toString("hex");
  const path = join(servers, `${process.pid}-${marker}`);
  await mkdir(path, { mode: 0o700 });
  await writeFile(join(path, OWNER), JSON.stringify(describeProcess(process.pid)));
  const watchdog = startWatchdog(path, marker);

  return {
    path,
    marker,
    dispose: async () => {
      await watchdog.end();
      await removeFolder(path);
    },
  };
}

/** Throws if another user could replace the folder's content. */
async function requireOwn(folder: string): Promise<void> {
  const { uid } = await stat(folder);
  if (process.geteuid && uid !== process.geteuid())
    throw new Error(`The state folder ${folder} belongs to another user. Pass a folder of your own with --state.`);
}

/** True if no other server uses the state folder. Call this after opening this server's folder. */
export const isOnlyServer = (stateDir: string): boolean => readdirSync(join(stateDir, "servers")).length === 1;

/** Also removes files that a sandbox made unreadable to a user other than root. */
export async function removeFolder(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    await new Promise((done) => {
      const chmod = spawn("chmod", ["-R", "u+rwX", path], { stdio: "ignore" });
      chmod.on("error", done);
      chmod.on("close", done);
    });
    await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }
}

const OWNER = "owner.json";

interface Owner {
  readonly pid: number;
  /** Distinguishes a process from a later one with the same id. */
  readonly startedAt: string;
  /** A process id is meaningful only in its namespace. */
  readonly pidNamespace: string;
}

async function sweep(servers: string): Promise<void> {
  for (const name of await readdir(servers)) {
    const path = join(servers, name);
    if (isAlive(await readOwner(path))) continue;
    await removeGroupsOf(path, name.split("-")[1] ?? "").catch(() => undefined);
    await removeFolder(path).catch(() => undefined);
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(path, OWNER), "utf8"));
    if (!isObject(value)) return undefined;
    const { pid, startedAt, pidNamespace } = value;
    if (typeof pid !== "number" || typeof startedAt !== "string" || typeof pidNamespace !== "string") return undefined;
    return { pid, startedAt, pidNamespace };
  } catch {
    return undefined;
  }
}

function isAlive(owner: Owner | undefined): boolean {
  if (!owner) return false;
  const present = describeProcess(owner.pid);
  if (present.pidNamespace !== owner.pidNamespace) return true;
  if (present.startedAt !== owner.startedAt) return false;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch {
    return false;
  }
}

function describeProcess(pid: number): Owner {
  if (process.platform !== "linux") return { pid, startedAt: "", pidNamespace: "" };
  let startedAt = "";
  try {
    // Field 22, counted after the parenthesized name, which may contain spaces.
    startedAt = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19] ?? "";
  } catch {
    // The process does not exist, and its empty start time matches none.
  }
  return { pid, startedAt, pidNamespace: readlinkSync("/proc/self/ns/pid") };
}

function startWatchdog(folder: string, marker: string) {
  const child = spawn("/bin/sh", ["-c", WATCHDOG, "sandbox-watchdog", folder, marker, PLACES, NAME], {
    cwd: "/",
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const ended = new Promise<void>((resolve) => {
    child.on("error", () => resolve());
    child.on("exit", () => resolve());
  });
  child.stdin.on("error", () => undefined);
  child.unref();
  const end = async (): Promise<void> => {
    child.ref();
    child.stdin.end();
    await ended;
  };
  return { end };
}
