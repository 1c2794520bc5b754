import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { delay, SerialQueue } from "./async";
import { codeOf } from "./errors";
import { isAlive, ownIdentity, type ProcessIdentity } from "./processIdentity";

/** A lock that another process did not give up in time. */
export class LockBusyError extends Error {
  override readonly name = "LockBusyError";
}

/** How long to wait for other processes. Work under the lock takes milliseconds. */
const WAIT_MS = 10_000;

const LOOK_MS = 10;

/** On systems that cannot tell two processes with the same id apart, a holder is considered dead after this time. */
const SILENCE_MS = 60_000;

const FREE = "free";
const HELD = "held";

/**
 * A lock that several processes share. It is a token: the only file in a folder, named after its holder. Taking, freeing
 * and inheriting the token are renames, and when two processes rename the same file, only one succeeds.
 */
export class FolderLock {
  readonly #folder: string;
  readonly #waitMs: number;
  readonly #leavesNothing: boolean;
  readonly #turns = new SerialQueue();
  #token: string | undefined;

  /** @param leavesNothing removes the folder after each use */
  constructor(folder: string, waitMs = WAIT_MS, leavesNothing = false) {
    this.#folder = folder;
    this.#waitMs = waitMs;
    this.#leavesNothing = leavesNothing;
  }

  /** Rejects with a `LockBusyError` if the lock stays taken, or with the system's error if the folder is not writable. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.run(async () => {
      const token = (this.#token ??= tokenOf(await ownIdentity()));
      await this.#take(token);
      try {
        return await work();
      } finally {
        // A token that cannot be freed stays ours for the next turn. Other processes get it when this one ends.
        await this.#free(token).catch(() => undefined);
      }
    });
  }

  async #take(token: string): Promise<void> {
    const deadline = performance.now() + this.#waitMs;
    for (;;) {
      const found = await this.#find();
      if (found === token) return;
      if (found === undefined) await this.#makeToken();
      else if ((found === FREE || (await this.#isAbandoned(found))) && (await this.#inherit(found, token))) return;
      if (performance.now() > deadline) throw new LockBusyError(`Another process keeps ${this.#folder} locked.`);
      await delay(LOOK_MS * (1 + Math.random()));
    }
  }

  async #free(token: string): Promise<void> {
    if (!this.#leavesNothing) {
      await this.#move(token, FREE);
      return;
    }
    // Under a unique name and with a fresh age, no other process can take the token before the folder is gone.
    const last = `${token}.last`;
    if (!(await this.#inherit(token, last))) return;
    const aside = `${this.#folder}.${randomBytes(4).toString("hex")}`;
    try {
      await rename(this.#folder, aside);
    } catch {
      await this.#move(last, FREE);
      return;
    }
    await rm(aside, { recursive: true, force: true });
  }

  /** Returns the token's name. A listing that runs during a rename may miss it. */
  async #find(): Promise<string | undefined> {
    try {
      const names = await readdir(this.#folder);
      return names.find((name) => name === FREE || name.startsWith(HELD));
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Resets the token's age, which on some systems is the only sign that its holder is gone. */
  async #inherit(found: string, token: string): Promise<boolean> {
    const now = new Date();
    await utimes(join(this.#folder, found), now, now).catch(() => undefined);
    return this.#move(found, token);
  }

  /** Returns `false` if another process was faster. */
  async #move(from: string, to: string): Promise<boolean> {
    try {
      await rename(join(this.#folder, from), join(this.#folder, to));
      return true;
    } catch (error) {
      if (codeOf(error) === "ENOENT" || (process.platform === "win32" && IN_USE.has(codeOf(error) ?? ""))) return false;
      throw error;
    }
  }

  /** Creates the folder together with its token in one rename, so there are never two tokens. */
  async #makeToken(): Promise<void> {
    await mkdir(dirname(this.#folder), { recursive: true, mode: 0o700 });
    const made = await mkdtemp(`${this.#folder}.`);
    try {
      await writeFile(join(made, FREE), "");
      await rename(made, this.#folder);
    } catch (error) {
      await rm(made, { recursive: true, force: true });
      if (!IS_THERE.has(codeOf(error) ?? "")) throw error;
    }
  }

  async #isAbandoned(token: string): Promise<boolean> {
    const holder = holderOf(token);
    const lives = holder && (await isAlive(holder));
    if (lives !== undefined) return !lives;
    const held = await stat(join(this.#folder, token)).catch(() => undefined);
    return held !== undefined && Date.now() - held.mtimeMs > SILENCE_MS;
  }
}

/** The error codes of a rename onto a folder that already has a token. `EPERM` is the one on Windows. */
const IS_THERE = new Set(["ENOTEMPTY", "EEXIST", "EPERM"]);

/** The error codes on Windows for a file that another program has open, however briefly. */
const IN_USE = new Set(["EPERM", "EACCES", "EBUSY"]);

const tokenOf = ({ pid, start = "" }: ProcessIdentity): string =>
  [HELD, pid, start.replace(" ", "_"), randomBytes(4).toString("hex")].join(".");

function holderOf(token: string): ProcessIdentity | undefined {
  const [, pid, start] = token.split(".");
  return Number(pid) > 0 ? { pid: Number(pid), start: start ? start.replace("_", " ") : undefined } : undefined;
}
