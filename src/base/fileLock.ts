import { randomBytes } from "node:crypto";
import { open, rm, stat } from "node:fs/promises";
import { delay } from "./async";
import { codeOf, UserError } from "./errors";

const RETRY_MS = 20;
const GIVE_UP_MS = 15_000;

/** A lock is held for milliseconds, unless its holder was killed. */
const STALE_MS = 5000;

/** Does short work while no other process does work under the same lock, which is a file. */
export async function withFileLock(lock: string, work: () => Promise<void>): Promise<void> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  while (!(await acquire(lock))) {
    if (performance.now() > giveUpAt) throw neverFree(lock);
    await delay(RETRY_MS);
  }
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function acquire(lock: string): Promise<boolean> {
  try {
    await createFile(lock);
    return true;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    if ((await ageMs(lock)) > STALE_MS) await rm(lock, { force: true });
    return false;
  }
}

/** By the clock of the disk, which may be another machine's. */
async function ageMs(lock: string): Promise<number> {
  const probe = `${lock}.${randomBytes(6).toString("hex")}`;
  try {
    await createFile(probe);
    const [now, then] = await Promise.all([stat(probe), stat(lock).catch(() => undefined)]);
    return then ? now.mtimeMs - then.mtimeMs : 0;
  } finally {
    await rm(probe, { force: true });
  }
}

const createFile = async (path: string): Promise<void> => (await open(path, "wx", 0o600)).close();

const neverFree = (lock: string) =>
  new UserError(`Another window keeps ${lock} locked. Try again, or delete that file if no other window is open.`);
