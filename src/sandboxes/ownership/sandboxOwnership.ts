import { join } from "node:path";
import { delay, Lazy, SerialQueue } from "../../base/async";
import { messageOf, UserError } from "../../base/errors";
import { FolderLock, LockBusyError } from "../../base/folderLock";
import type { Clock, Logger } from "../../base/ports";
import type { SandboxSpec } from "../../modal/spec";
import type { Env, EnvVault } from "./envVault";
import { installIdOf } from "./installId";
import { openJournal, type JournalEntry } from "./journal";
import { RecordHealth } from "./recordHealth";
import type { Holder } from "../sandbox";
import { Reservations } from "./reservations";
import { savedSpec, type Making } from "../spec/savedSpec";
import { Windows } from "./windows";

export interface SandboxOwnershipOptions {
  /** A folder shared by all windows of this installation. */
  readonly folder: string;
  readonly hostName: string;
  /** Names the current account, environment and app. */
  readonly scope: () => string;
  /** Stores the values that must not be in the journal. */
  readonly vault: EnvVault;
  /** How long to wait for another window that holds the lock. */
  readonly lockWaitMs?: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A snapshot of who holds each sandbox. */
export interface Survey {
  readonly scope: string;
  readonly entries: readonly JournalEntry[];
  entryOf(listed: Identified): JournalEntry | undefined;
  holderOf(listed: Identified & { readonly tags: ReadonlyMap<string, string> }): Holder;
}

/** The server's id and name of a sandbox. */
export interface Identified {
  readonly id: string;
  readonly name: string;
}

/** Tags that say where a sandbox was created. */
const INSTALL_TAG = "modal-sandboxes-install";
const WINDOW_TAG = "modal-sandboxes-window";

/** The shortest and longest pause between two checks of another window. */
const FIRST_LOOK_MS = 100;
const LAST_LOOK_MS = 5000;

/** Tracks on disk which sandboxes this installation created, and which of its windows holds each of them. */
export class SandboxOwnership {
  readonly #options: SandboxOwnershipOptions;
  readonly #windows: Windows;
  readonly #journal;
  readonly #writes = new SerialQueue();
  readonly #lock: FolderLock;
  readonly #health: RecordHealth;
  readonly #installId: Lazy<string>;
  /** The tasks that this window has reserved for itself. */
  readonly reservations: Reservations;

  constructor(options: SandboxOwnershipOptions) {
    this.#options = options;
    this.#windows = new Windows(options);
    this.#journal = openJournal(options.folder);
    this.#lock = new FolderLock(join(options.folder, "lock"), options.lockWaitMs);
    this.reservations = new Reservations({
      ...options,
      windows: this.#windows,
      exclusively: (work) => this.exclusively(work),
    });
    this.#health = new RecordHealth(options.folder, options.log);
    this.#installId = new Lazy(() => installIdOf(options.folder, options.hostName));
  }

  get folder(): string {
    return this.#options.folder;
  }

  /** A message for the user if the records cannot be read or written. */
  get problem(): string | undefined {
    return this.#health.problem;
  }

  get onDidChangeProblem(): RecordHealth["onDidChangeProblem"] {
    return this.#health.onDidChangeProblem;
  }

  /** Names the current account, environment and app. */
  get scope(): string {
    return this.#options.scope();
  }

  /** Identifies this window among those of the installation. */
  get windowId(): string {
    return this.#windows.id;
  }

  /** Returns the tags for a sandbox that this window creates. */
  async tags(): Promise<Record<string, string>> {
    return { [INSTALL_TAG]: await this.#installId.get(), [WINDOW_TAG]: this.#windows.id };
  }

  /** Records a sandbox before the server is asked to create it, so that it cannot get lost. */
  async begin(
    name: string,
    { spec, folder }: { readonly spec: SandboxSpec; readonly folder: string },
    hasExitSnapshot: boolean,
  ): Promise<void> {
    const { clock } = this.#options;
    const entry = {
      name,
      windowId: this.#windows.id,
      scope: this.scope,
      createdAt: clock.now(),
      making: { spec: savedSpec(spec), folder },
      hasExitSnapshot,
    };
    try {
      await this.#windows.show();
      await this.#write(() => this.#journal.put(name, entry));
    } catch (error) {
      throw unrecorded(this.#options.folder, error);
    }
  }

  /** Stores the sandbox's variables. Don't call this while holding the lock: the system's keyring may ask the user. */
  async keepEnv(name: string, env: Env): Promise<void> {
    await this.#options.vault.keep(name, env);
  }

  /** Returns how a sandbox was created, if it was created on this machine. */
  async makingOf(name: string): Promise<Making | undefined> {
    return (await this.#journal.get(name))?.making;
  }

  /** Returns the journal entries of the account's sandboxes, whichever window holds them. */
  async entries(): Promise<JournalEntry[]> {
    return [...(await this.#journal.all()).values()].filter(({ scope }) => scope === this.scope);
  }

  /** Records the id that the server assigned. */
  async settle(name: string, id: string): Promise<void> {
    await this.#change(name, (entry) => ({ ...entry, id }));
  }

  /** Marks the sandbox so that any window that finds it terminates it, in case this window doesn't get to it. */
  async markForTermination(name: string): Promise<void> {
    await this.#change(name, (entry) => ({ ...entry, isMarkedForTermination: true }));
  }

  async unmark(name: string): Promise<void> {
    await this.#change(name, (entry) => ({ ...entry, isMarkedForTermination: false }));
  }

  /** Removes the records of a sandbox that is gone from the server. */
  async forget(name: string): Promise<void> {
    const removing = this.#write(() => this.#journal.remove(name), false);
    await Promise.all([removing, this.#options.vault.forget(name)]);
  }

  /** Claims a sandbox that no window holds. Returns `false` if another open window holds it. */
  async claim({ id, name }: Identified): Promise<boolean> {
    const { id: windowId } = this.#windows;
    if ((await this.#journal.get(name))?.windowId === windowId) return true;
    return this.exclusively(async () => {
      const known = await this.#journal.get(name);
      if (known?.windowId === windowId) return true;
      if (known && (await this.#windows.living()).has(known.windowId)) return false;
      const made = { createdAt: this.#options.clock.now(), scope: this.scope };
      await this.#write(() => this.#journal.put(name, { ...made, ...known, name, id, windowId }));
      return true;
    });
  }

  /** Runs `work` while no other window does the same. It must be quick, because the others wait. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const outcome = await this.#windows
      .show()
      .then(() => this.#lock.run(() => Promise.allSettled([work()])))
      .catch((error: unknown) => {
        throw notAgreed(this.#options.folder, error);
      });
    const [settled] = outcome;
    if (settled.status === "rejected") throw settled.reason;
    return settled.value;
  }

  /** True if the journal has a sandbox that no open window holds. */
  async hasAbandoned(): Promise<boolean> {
    const entries = await this.#journal.all();
    if (entries.size === 0) return false;
    const living = await this.#windows.living();
    return [...entries.values()].some(({ windowId }) => !living.has(windowId));
  }

  /** The ids of the open windows, including this one. */
  async livingWindows(): Promise<ReadonlySet<string>> {
    return this.#windows.living();
  }

  /** True if the id is that of another window, and that window is open. */
  async isElsewhere(windowId: string): Promise<boolean> {
    return windowId !== this.#windows.id && (await this.#windows.living()).has(windowId);
  }

  /** Resolves when the window is gone. A closing window stays for a moment, or for minutes if it was killed. */
  async whenGone(windowId: string, signal: AbortSignal): Promise<void> {
    for (let waitMs = FIRST_LOOK_MS; await this.isElsewhere(windowId); waitMs = Math.min(waitMs * 2, LAST_LOOK_MS))
      await delay(waitMs, signal);
  }

  /**
   * Resolves when no other window holds sandboxes made for these folders. Returns `false` if there was none to wait
   * for.
   */
  async whenReleased(folders: readonly string[], signal: AbortSignal): Promise<boolean> {
    const made = (await this.entries()).filter(({ making }) => making && folders.includes(making.folder));
    const windows = [...new Set(made.map(({ windowId }) => windowId))];
    const isElsewhere = await Promise.all(windows.map((windowId) => this.isElsewhere(windowId)));
    await Promise.all(windows.map((windowId) => this.whenGone(windowId, signal)));
    return isElsewhere.includes(true);
  }

  /** Returns as much as can be read. If a sandbox has no journal entry, its tags name the holder. */
  async survey(): Promise<Survey> {
    const health = this.#health;
    const read = health.attempt("read", () => Promise.all([this.#journal.all(), this.#windows.living()]));
    const installing = health.attempt("read", () => this.#installId.get());
    const [[journal, living] = [NO_ENTRIES, undefined], installId] = await Promise.all([read, installing]);
    const entries = [...journal.values()];
    const byId = new Map(entries.flatMap((entry) => (entry.id === undefined ? [] : [[entry.id, entry] as const])));
    const entryOf = ({ id, name }: Identified) => journal.get(name) ?? byId.get(id);
    const holderOf = (windowId: string | undefined): Holder => {
      if (windowId === this.#windows.id) return "thisWindow";
      if (!living) return "otherWindow";
      return windowId !== undefined && living.has(windowId) ? "otherWindow" : "nobody";
    };
    return {
      scope: this.scope,
      entries: entries.filter(({ windowId }) => holderOf(windowId) !== "otherWindow"),
      entryOf,
      holderOf: (listed) => {
        const entry = entryOf(listed);
        if (entry) return holderOf(entry.windowId);
        const [madeBy, madeIn] = [listed.tags.get(INSTALL_TAG), listed.tags.get(WINDOW_TAG)];
        const isOfHere = madeIn === this.#windows.id || (madeBy !== undefined && madeBy === installId);
        return isOfHere ? holderOf(madeIn) : "elsewhere";
      },
    };
  }

  /** Releases all sandboxes of this window when it closes. */
  async leave(): Promise<void> {
    await this.#windows.leave();
  }

  dispose(): void {
    this.#windows.dispose();
    this.#health.dispose();
  }

  #write<T>(work: () => Promise<T>, isProof = true): Promise<T> {
    return this.#writes.run(() => this.#health.watch("written", work, isProof));
  }

  /** If there is no entry, the sandbox is gone or belongs to another machine. */
  #change(name: string, change: (entry: JournalEntry) => JournalEntry): Promise<void> {
    return this.#write(async () => {
      const entry = await this.#journal.get(name);
      if (entry) await this.#journal.put(name, change(entry));
    });
  }
}

const NO_ENTRIES: ReadonlyMap<string, JournalEntry> = new Map();

const showLog = { title: "Show Log", command: "modalSandboxes.showLog" };

/** Windows coordinate through this folder. */
const notAgreed = (folder: string, cause: unknown) =>
  new UserError(
    cause instanceof LockBusyError
      ? "Another window is busy and doesn't respond. Try again in a moment."
      : `${folder} can't be written, so two windows could do the same thing at the same time (${messageOf(cause)}). Free up disk space or fix the folder's permissions, then try again.`,
    { cause, actions: [showLog] },
  );

const unrecorded = (folder: string, cause: unknown) =>
  new UserError(
    `No sandbox was created: ${folder} can't be written, so the extension could lose track of it (${messageOf(cause)}). Free up disk space or fix the folder's permissions, then try again.`,
    { cause, actions: [showLog] },
  );
