import { isAbort, messageOf, UserError } from "../../base/errors";
import { LockBusyError } from "../../base/folderLock";
import type { Clock, Logger } from "../../base/ports";
import type { GpuRequest } from "../../modal/gpus";
import type { CreateStep } from "../../modal/sandboxes";
import type { SnapshotGateway } from "../../modal/snapshots";
import type { SandboxOwnership } from "../ownership/sandboxOwnership";
import type { JournalEntry } from "../ownership/journal";
import type { RunningSandbox, Sandbox } from "../sandbox";
import type { SandboxService } from "../sandboxService";
import type { SandboxStore } from "../sandboxStore";
import { makingOf } from "../spec/savedSpec";
import type { Snapshot, SnapshotKind, Snapshots } from "./snapshots";

export interface SnapshotServiceOptions {
  readonly gateway: SnapshotGateway;
  readonly sandboxes: SandboxService;
  readonly store: SandboxStore;
  readonly snapshots: Snapshots;
  readonly ownership: SandboxOwnership;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The properties that differ from the snapshot's sandbox. */
export interface CreateFromOptions {
  readonly gpu?: { readonly request: GpuRequest | undefined };
  readonly onDidEnterStep?: (step: CreateStep) => void;
}

/** Modal's own default. Modal then deletes a forgotten snapshot, so that it no longer costs anything. */
const TTL_MS = 30 * 24 * 3_600_000;

const TERMINATE_MS = 60_000;

const DELETE_MS = 60_000;

/** Pauses, resumes and branches sandboxes, all by snapshots of their files. */
export class SnapshotService {
  readonly #options: SnapshotServiceOptions;

  constructor(options: SnapshotServiceOptions) {
    this.#options = options;
  }

  /** Takes a snapshot of a sandbox, which keeps running. If the snapshot cannot be recorded, it is deleted. */
  async take(sandbox: RunningSandbox, kind: SnapshotKind, signal: AbortSignal): Promise<Snapshot> {
    const { gateway, snapshots, ownership, clock } = this.#options;
    const making = await this.#recorded(kind, () => ownership.makingOf(sandbox.name));
    const imageId = await gateway.take(sandbox.phase.id, TTL_MS, signal);
    const createdAt = clock.now();
    const snapshot: Snapshot = {
      ...(making ?? makingOf(sandbox)),
      imageId,
      kind,
      sandboxName: sandbox.name,
      scope: ownership.scope,
      createdAt,
      expiresAt: createdAt + TTL_MS,
      ...(kind === "pause" && { isPaused: true }),
    };
    try {
      await this.#recorded(kind, () => snapshots.add(snapshot));
    } catch (error) {
      this.#discard(imageId);
      throw error;
    }
    return snapshot;
  }

  /** Takes a snapshot of a sandbox and terminates it. If the snapshot fails, the sandbox keeps running. */
  async pause(sandbox: RunningSandbox, signal: AbortSignal): Promise<void> {
    const { store, ownership } = this.#options;
    const { key, phase } = sandbox;
    const task = leaving(sandbox);
    if (!(await this.#reservePause(task))) throw underWay();
    store.transition(key, { kind: "pausing", id: phase.id });
    try {
      const snapshot = await this.take(sandbox, "pause", signal);
      await this.#endPaused(sandbox, snapshot);
      store.add(pausedRecord(snapshot));
    } catch (error) {
      if (store.get(key)?.phase.kind === "pausing") store.transition(key, phase);
      throw error;
    } finally {
      await ownership.reservations.giveBack(task);
    }
  }

  /** A full disk must not prevent a pause, so a reservation that cannot be written counts as taken. */
  async #reservePause(task: string): Promise<boolean> {
    try {
      return await this.#options.ownership.reservations.take(task);
    } catch (error) {
      if (isAbort(error) || (error instanceof UserError && error.cause instanceof LockBusyError)) throw error;
      this.#options.log.warn(`Reserving a pause failed: ${messageOf(error)}`);
      return true;
    }
  }

  /** If the sandbox cannot be terminated, it is not paused, and its snapshot becomes an ordinary one. */
  async #endPaused({ key }: RunningSandbox, snapshot: Snapshot): Promise<void> {
    const { sandboxes, snapshots } = this.#options;
    try {
      await sandboxes.terminate(key, AbortSignal.timeout(TERMINATE_MS));
    } catch (error) {
      await this.#note(snapshots.save({ ...snapshot, isPaused: false }));
      throw error;
    }
  }

  /** Deletes an image that nothing refers to. It would use storage until it expires. */
  #discard(imageId: string): void {
    void this.#note(this.#options.gateway.delete(imageId, AbortSignal.timeout(DELETE_MS)));
  }

  /** Logs a failure and returns `false`. */
  async #note(work: Promise<void>): Promise<boolean> {
    try {
      await work;
      return true;
    } catch (error) {
      this.#options.log.warn(`Updating the records of snapshots failed: ${messageOf(error)}`);
      return false;
    }
  }

  async #recorded<T>(kind: SnapshotKind, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isAbort(error)) throw error;
      const cause = error instanceof UserError ? (error.cause ?? error) : error;
      throw notRecorded(kind, this.#options.ownership.folder, cause);
    }
  }

  /**
   * Creates a sandbox with the files of the paused one, possibly with another GPU. Only one window can resume a
   * sandbox. If that window closes in the meantime, other windows see the sandbox as paused again.
   */
  async resume(key: string, options: CreateFromOptions, signal: AbortSignal): Promise<RunningSandbox> {
    const { store, snapshots, ownership } = this.#options;
    const sandbox = store.get(key);
    if (sandbox?.phase.kind !== "paused") throw notPaused();
    const task = resuming(sandbox.phase);
    if (!(await ownership.reservations.take(task))) throw underWay();
    let isRecorded = true;
    try {
      const snapshot = await snapshots.get(sandbox.phase.imageId);
      store.remove(key);
      if (!snapshot?.isPaused) throw notPaused();
      const resumed = await this.createFrom(snapshot, options, signal).catch((error: unknown) => {
        store.add(sandbox);
        throw error;
      });
      isRecorded = await this.#note(snapshots.save({ ...snapshot, isPaused: false }));
      return resumed;
    } finally {
      // While the sandbox is still recorded as paused, other windows must not resume it too.
      if (isRecorded) await ownership.reservations.giveBack(task);
    }
  }

  /**
   * Creates another sandbox with the files of a running one. The running one is then terminated, unless a program is
   * still running in it.
   */
  async continueIn(
    sandbox: RunningSandbox,
    { isBusy, ...options }: CreateFromOptions & { readonly isBusy: () => boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const { sandboxes, ownership } = this.#options;
    const task = leaving(sandbox);
    if (!(await ownership.reservations.take(task))) throw underWay();
    try {
      await this.branch(sandbox, options, signal);
      // Programs that are still running there may continue until the end of the sandbox's lifetime.
      if (!isBusy()) await sandboxes.terminate(sandbox.key, signal);
    } finally {
      await ownership.reservations.giveBack(task);
    }
  }

  /** Creates a second sandbox with the files of a running one. */
  async branch(sandbox: RunningSandbox, options: CreateFromOptions, signal: AbortSignal): Promise<RunningSandbox> {
    return this.createFrom(await this.take(sandbox, "branch", signal), options, signal);
  }

  async createFrom(
    snapshot: Snapshot,
    { gpu, onDidEnterStep }: CreateFromOptions,
    signal: AbortSignal,
  ): Promise<RunningSandbox> {
    const { sandboxes, snapshots, log } = this.#options;
    const { folder, imageId } = snapshot;
    const spec = await snapshots.specOf(snapshot);
    const lost = snapshot.spec.envNames.filter((name) => !(name in spec.env));
    if (lost.length > 0) log.warn(`The values of these variables are no longer available: ${lost.join(", ")}.`);
    const wanted = gpu ? { ...spec, gpu: gpu.request } : spec;
    return sandboxes.create({ spec: wanted, folder, imageId, ...(onDidEnterStep && { onDidEnterStep }) }, signal);
  }

  /** Deletes a snapshot, and its paused sandbox if it has one. */
  async delete(snapshot: Snapshot, signal: AbortSignal): Promise<void> {
    const { gateway, snapshots, store } = this.#options;
    await gateway.delete(snapshot.imageId, signal);
    await snapshots.forget(snapshot.imageId);
    store.remove(pausedKey(snapshot));
  }

  /**
   * Adds paused sandboxes to the store, and removes those that a window is resuming, or that were resumed or deleted.
   */
  async showPaused(): Promise<void> {
    const { store, snapshots, ownership, log } = this.#options;
    const { reservations } = ownership;
    try {
      // The order matters: a resumed sandbox loses its paused record before its reservation.
      const reserved = await reservations.all();
      const all = await snapshots.all(ownership.scope);
      const isFree = (task: string) => !reserved.has(task) && !reservations.has(task);
      const paused = all.filter((snapshot) => snapshot.isPaused && isFree(resuming(snapshot))).map(pausedRecord);
      const keys = new Set(paused.map(({ key }) => key));
      const gone = store.all.filter(({ key, phase }) => phase.kind === "paused" && !keys.has(key));
      store.apply({ put: paused, removeKeys: gone.map(({ key }) => key) });
    } catch (error) {
      log.warn(`Reading the paused sandboxes failed: ${messageOf(error)}`);
    }
  }

  /** Records the exit snapshot that Modal took of a sandbox. Returns `false` if Modal has not reported it yet. */
  async keepExit({ id, name, making }: JournalEntry, signal: AbortSignal): Promise<boolean> {
    const { gateway, snapshots, ownership, clock, log } = this.#options;
    if (!making || id === undefined) return true;
    try {
      const imageId = await gateway.ofEnded(id, signal);
      const exit = {
        ...making,
        kind: "exit",
        sandboxName: name,
        scope: ownership.scope,
        createdAt: clock.now(),
      } as const;
      if (imageId !== undefined) await snapshots.add({ ...exit, imageId });
      return true;
    } catch (error) {
      log.warn(`Finding the exit snapshot of ${name} failed: ${messageOf(error)}`);
      return false;
    }
  }
}

const pausedKey = ({ imageId }: Snapshot) => `paused-${imageId}`;

function pausedRecord(snapshot: Snapshot): Sandbox {
  const { spec, imageId, createdAt, expiresAt, sandboxName } = snapshot;
  const { gpu, cpu, memoryMiB, timeoutMs, idleTimeoutMs, ports, regions, image } = spec;
  return {
    key: pausedKey(snapshot),
    name: sandboxName,
    gpu,
    image: image.label,
    cpu,
    memoryMiB,
    timeoutMs,
    idleTimeoutMs,
    ports,
    createdAt,
    regions,
    placement: [],
    origin: undefined,
    holder: "thisWindow",
    phase: { kind: "paused", imageId, pausedAt: createdAt, ...(expiresAt !== undefined && { expiresAt }) },
  };
}

const resuming = ({ imageId }: Pick<Snapshot, "imageId">) => `resume ${imageId}`;
const leaving = ({ phase }: RunningSandbox) => `leave ${phase.id}`;

const underWay = () =>
  new UserError("This window or another one is already doing this. Refresh to see the result.", {
    actions: [{ title: "Refresh Sandboxes", command: "modalSandboxes.refreshSandboxes" }],
  });

const notRecorded = (kind: SnapshotKind, folder: string, cause: unknown) => {
  const what = kind === "pause" ? "The sandbox wasn't paused and keeps running" : "The snapshot wasn't kept";
  return new UserError(
    `${what}: ${folder} can't be written, so the extension couldn't find the files again (${messageOf(cause)}). Free up disk space or fix the folder's permissions, then try again.`,
    { cause, actions: [{ title: "Show Log", command: "modalSandboxes.showLog" }] },
  );
};

const notPaused = () =>
  new UserError("The sandbox is no longer paused: it was resumed or deleted elsewhere.", {
    actions: [{ title: "Refresh Sandboxes", command: "modalSandboxes.refreshSandboxes" }],
  });
