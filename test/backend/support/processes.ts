import { readdir, readFile, readlink } from "node:fs/promises";
import { delay } from "../../../src/base/async";

/** The ids of this machine's processes whose command line contains `text`. */
export async function processesWith(text: string): Promise<readonly number[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")));
  return ids.filter((_, index) => lines[index]?.includes(text)).map(Number);
}

/** The first process of the sandbox that `pid` belongs to. */
export async function firstProcessOfSandbox(pid: number): Promise<number> {
  const namespaceOf = (id: number | string) => readlink(`/proc/${id}/ns/pid`).catch(() => undefined);
  const namespace = await namespaceOf(pid);
  for (const id of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const status = await readFile(`/proc/${id}/status`, "utf8").catch(() => "");
    if (/^NSpid:.*\t1$/m.test(status) && (await namespaceOf(id)) === namespace) return Number(id);
  }
  throw new Error(`Process ${pid} is not in a sandbox.`);
}

/** Polls until the answer is true, for changes that raise no event. */
export async function eventually(isTrue: () => Promise<boolean>, timeoutMs = 10_000): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!(await isTrue())) {
    if (Date.now() > deadline) return false;
    await delay(20);
  }
  return true;
}
