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

export interface CustodyOptions {
  /** Of this installation, shared by its windows. */
  readonly folder: string;
  readonly hostName: string;
  /** Names the account, environment and app of the moment. */
  readonly scope: () => string;
  /** What the journal must not say. */
  readonly vault: EnvVault;
  /** How long to wait for another window that does what must not overlap. */
  readonly lockWaitMs?: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What is known of all sandboxes' holders at one moment. */
export interface Survey {
  readonly scope: string;
  readonly entries: readonly JournalEntry[];
  entryOf(listed: Identified): JournalEntry | undefined;
  holderOf(listed: Identified & { readonly tags: ReadonlyMap<string, string> }): Holder;
}

/** A sandbox by what the server calls it. */
export interface Identified {
  readonly id: string;
  readonly name: string;
}

/** Tags of a sandbox that say where it was made. */
const INSTALL_TAG = "modal-sandboxes-install";
const WINDOW_TAG = "modal-sandboxes-window";

/** The pauses between two looks at another window. */
const FIRST_LOOK_MS = 100;
const LAST_LOOK_MS = 5000;

/** Keeps account, on disk, of the sandboxes that this installation made, and of which of its windows holds each. */
export class Custody {
  readonly #options: CustodyOptions;
  readonly #windows: Windows;
  readonly #journal;
  readonly #writes = new SerialQueue();
  readonly #lock: FolderLock;
  readonly #health: RecordHealth;
  readonly #installId: Lazy<string>;
  /** What this window keeps the others from doing. */
  readonly reservations: Reservations;

  constructor(options: CustodyOptions) {
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

  /** What is wrong with the records, as a sentence for the user. */
  get problem(): string | undefined {
    return this.#health.problem;
  }

  get onDidChangeProblem(): RecordHealth["onDidChangeProblem"] {
    return this.#health.onDidChangeProblem;
  }

  /** Names the account, environment and app of the moment. */
  get scope(): string {
    return this.#options.scope();
  }

  /** Names this window among those of the installation. */
  get windowId(): string {
    return this.#windows.id;
  }

  /** The tags of a sandbox that this window makes. */
  async tags(): Promise<Record<string, string>> {
    return { [INSTALL_TAG]: await this.#installId.get(), [WINDOW_TAG]: this.#windows.id };
  }

  /** Before the server is asked to create it: from here on it is not lost track of. */
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

  /** Keeps what its variables hold. Not done while others wait for the lock: the system's keyring may ask the user. */
  async keepEnv(name: string, env: Env): Promise<void> {
    await this.#options.vault.keep(name, env);
  }

  /** What a sandbox was made of, where it was made here. */
  async makingOf(name: string): Promise<Making | undefined> {
    return (await this.#journal.get(name))?.making;
  }

  /** What this machine has on disk of the sandboxes of the account, whichever window holds them. */
  async entries(): Promise<JournalEntry[]> {
    return [...(await this.#journal.all()).values()].filter(({ scope }) => scope === this.scope);
  }

  /** Notes the id that the server gave. */
  async settle(name: string, id: string): Promise<void> {
    await this.#change(name, (entry) => ({ ...entry, id }));
  }

  /** Has whoever finds it end it, should this window not come to it. */
  async doom(name: string): Promise<void> {
    await this.#change(name, (entry) => ({ ...entry, isDoomed: true }));
  }

  async spare(name: string): Promise<void> {
    await this.#change(name, (entry) => ({ ...entry, isDoomed: false }));
  }

  /** It is gone from the server. */
  async forget(name: string): Promise<void> {
    const removing = this.#write(() => this.#journal.remove(name), false);
    await Promise.all([removing, this.#options.vault.forget(name)]);
  }

  /** Takes what nobody holds. `false` if another window that lives holds it. */
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

  /** Does what must not overlap with the same in another window. It should be quick: the others wait. */
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

  /** Whether there is something on disk that no living window holds. */
  async hasAbandoned(): Promise<boolean> {
    const entries = await this.#journal.all();
    if (entries.size === 0) return false;
    const living = await this.#windows.living();
    return [...entries.values()].some(({ windowId }) => !living.has(windowId));
  }

  /** The ids of the windows that live, this one among them. */
  async livingWindows(): Promise<ReadonlySet<string>> {
    return this.#windows.living();
  }

  /** True while that is another window, and it lives. */
  async isElsewhere(windowId: string): Promise<boolean> {
    return windowId !== this.#windows.id && (await this.#windows.living()).has(windowId);
  }

  /** Settles once that window is gone. One that closes lives on for a moment, and for minutes if it was cut off. */
  async whenGone(windowId: string, signal: AbortSignal): Promise<void> {
    for (let waitMs = FIRST_LOOK_MS; await this.isElsewhere(windowId); waitMs = Math.min(waitMs * 2, LAST_LOOK_MS))
      await delay(waitMs, signal);
  }

  /** Settles once no other window holds what was made for these folders; `false` if there was none to wait for. */
  async whenReleased(folders: readonly string[], signal: AbortSignal): Promise<boolean> {
    const made = (await this.entries()).filter(({ making }) => making && folders.includes(making.folder));
    const windows = [...new Set(made.map(({ windowId }) => windowId))];
    const isElsewhere = await Promise.all(windows.map((windowId) => this.isElsewhere(windowId)));
    await Promise.all(windows.map((windowId) => this.whenGone(windowId, signal)));
    return isElsewhere.includes(true);
  }

  /** With as much of it as can be read: tags name the holder of a sandbox of which there is no entry. */
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

  /** This window closes: what it held is nobody's. */
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

  /** Where there is no entry the sandbox is somebody else's, or gone. */
  #change(name: string, change: (entry: JournalEntry) => JournalEntry): Promise<void> {
    return this.#write(async () => {
      const entry = await this.#journal.get(name);
      if (entry) await this.#journal.put(name, change(entry));
    });
  }
}

const NO_ENTRIES: ReadonlyMap<string, JournalEntry> = new Map();

const showLog = { title: "Show Log", command: "modalSandboxes.showLog" };

/** Windows agree through the folder. */
const notAgreed = (folder: string, cause: unknown) =>
  new UserError(
    cause instanceof LockBusyError
      ? "Another window is busy with its sandboxes and does not answer. Try again in a moment."
      : `${folder} cannot be written, so your windows could do the same thing twice (${messageOf(cause)}). Make room there and try again.`,
    { cause, actions: [showLog] },
  );

const unrecorded = (folder: string, cause: unknown) =>
  new UserError(
    `No sandbox was created: ${folder} cannot be written, so it could be lost track of (${messageOf(cause)}). Make room there and try again.`,
    { cause, actions: [showLog] },
  );
