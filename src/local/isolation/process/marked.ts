import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";

/**
 * Kills every process that was started with `NAME=value` in its environment, and any that those start in the meantime.
 */
export async function killMarked(variable: string): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const pids = await marked(variable);
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid);
  }
}

const MAX_ROUNDS = 20;

/** The processes that were started with `NAME=value` in their environment. */
export const marked = (variable: string): Promise<number[]> =>
  process.platform === "linux" ? markedByProc(variable) : markedByPs(variable);

async function markedByProc(variable: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environ = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      return environ.split("\0").includes(variable) ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}

async function markedByPs(variable: string): Promise<number[]> {
  const child = spawn("ps", ["-Aww", "-E", "-o", "pid=,command="], { stdio: ["ignore", "pipe", "ignore"] });
  const lines = (await text(child.stdout)).split("\n").filter((line) => ` ${line} `.includes(` ${variable} `));
  return lines.map((line) => Number.parseInt(line, 10)).filter((pid) => pid > 1);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // The process has already ended.
  }
}
