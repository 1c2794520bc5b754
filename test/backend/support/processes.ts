import { readdir, readFile } from "node:fs/promises";
import { delay } from "../../../src/base/async";

/** The ids of this machine's processes whose command line holds `text`. */
export async function processesWith(text: string): Promise<readonly number[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")));
  return ids.filter((_, index) => lines[index]?.includes(text)).map(Number);
}

/** Asks again until the answer is yes; for what tells nobody when it happens. */
export async function eventually(isTrue: () => Promise<boolean>, timeoutMs = 10_000): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!(await isTrue())) {
    if (Date.now() > deadline) return false;
    await delay(20);
  }
  return true;
}
