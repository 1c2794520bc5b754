import { isAbort, messageOf, UserError } from "../../base/errors";
import { LockBusyError } from "../../base/folderLock";
import type { Clock, Logger } from "../../base/ports";
import type { GpuRequest } from "../../modal/gpus";
import type { CreateStep } from "../../modal/sandboxes";
import type { SnapshotGateway } from "../../modal/snapshots";
import type { Custody } from "../ownership/custody";
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
  readonly custody: Custody;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What differs from the sandbox that the snapshot was taken of. */
export interface CreateFromOptions {
  readonly gpu?: { readonly request: GpuRequest | undefined };
  readonly onDidEnterStep?: (step: CreateStep) => void;
}

/** Modal's own default. A forgotten snapshot costs nothing after that. */
const TTL_MS = 30 * 24 * 3_600_000;

const TERMINATE_MS = 60_000;

const DELETE_MS = 60_000;

/** Pauses, resumes and branches sandboxes by way of snapshots of their files. */
export class SnapshotService {
  readonly #options: SnapshotServiceOptions;

  constructor(options: SnapshotServiceOptions) {
    this.#options = options;
  }

  /** Takes a snapshot of a running sandbox, which goes on. One that cannot be recorded is not kept. */
  async take(sandbox: RunningSandbox, kind: SnapshotKind, signal: AbortSignal): Promise<Snapshot> {
    const { gateway, snapshots, custody, clock } = this.#options;
    const making = await this.#recorded(kind, () => custody.makingOf(sandbox.name));
    const imageId = await gateway.take(sandbox.phase.id, TTL_MS, signal);
    const createdAt = clock.now();
    const snapshot: Snapshot = {
      ...(making ?? makingOf(sandbox)),
      imageId,
      kind,
      sandboxName: sandbox.name,
      scope: custody.scope,
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

  /** Keeps a sandbox's files and ends it. Cancelled or failed before they are kept, it goes on running. */
  async pause(sandbox: RunningSandbox, signal: AbortSignal): Promise<void> {
    const { store, custody } = this.#options;
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
      await custody.reservations.giveBack(task);
    }
  }

  /** Whether to pause is not the disk's to decide: a reservation that cannot be written counts as taken. */
  async #reservePause(task: string): Promise<boolean> {
    try {
      return await this.#options.custody.reservations.take(task);
    } catch (error) {
      if (isAbort(error) || (error instanceof UserError && error.cause instanceof LockBusyError)) throw error;
      this.#options.log.warn(`Reservation of a pause: ${messageOf(error)}`);
      return true;
    }
  }

  /** What cannot be ended is not paused: its snapshot is one like any other. */
  async #endPaused({ key }: RunningSandbox, snapshot: Snapshot): Promise<void> {
    const { sandboxes, snapshots } = this.#options;
    try {
      await sandboxes.terminate(key, AbortSignal.timeout(TERMINATE_MS));
    } catch (error) {
      await this.#note(snapshots.save({ ...snapshot, isPaused: false }));
      throw error;
    }
  }

  /** Nobody would find the image: it would only take room until it expires. */
  #discard(imageId: string): void {
    void this.#note(this.#options.gateway.delete(imageId, AbortSignal.timeout(DELETE_MS)));
  }

  /** `false` if it failed, which is only logged. */
  async #note(work: Promise<void>): Promise<boolean> {
    try {
      await work;
      return true;
    } catch (error) {
      this.#options.log.warn(`Snapshots: ${messageOf(error)}`);
      return false;
    }
  }

  async #recorded<T>(kind: SnapshotKind, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isAbort(error)) throw error;
      const cause = error instanceof UserError ? (error.cause ?? error) : error;
      throw notRecorded(kind, this.#options.custody.folder, cause);
    }
  }

  /**
   * A sandbox like the one that was paused, or one with another GPU, with the files of that one. Only one window resumes
   * it; should that window die meanwhile, it is paused for the others again.
   */
  async resume(key: string, options: CreateFromOptions, signal: AbortSignal): Promise<RunningSandbox> {
    const { store, snapshots, custody } = this.#options;
    const sandbox = store.get(key);
    if (sandbox?.phase.kind !== "paused") throw notPaused();
    const task = resuming(sandbox.phase);
    if (!(await custody.reservations.take(task))) throw underWay();
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
      // As long as it is paused on disk, other windows must not resume it too.
      if (isRecorded) await custody.reservations.giveBack(task);
    }
  }

  /** Another sandbox with the files of a running one, which ends then unless something still runs in it. */
  async continueIn(
    sandbox: RunningSandbox,
    { isBusy, ...options }: CreateFromOptions & { readonly isBusy: () => boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const { sandboxes, custody } = this.#options;
    const task = leaving(sandbox);
    if (!(await custody.reservations.take(task))) throw underWay();
    try {
      await this.branch(sandbox, options, signal);
      // What runs there has until the end of the lifetime to come to its own.
      if (!isBusy()) await sandboxes.terminate(sandbox.key, signal);
    } finally {
      await custody.reservations.giveBack(task);
    }
  }

  /** A second sandbox with the files of a running one. */
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

  /** Deletes a snapshot, and with it the paused sandbox that it stands for. */
  async delete(snapshot: Snapshot, signal: AbortSignal): Promise<void> {
    const { gateway, snapshots, store } = this.#options;
    await gateway.delete(snapshot.imageId, signal);
    await snapshots.forget(snapshot.imageId);
    store.remove(pausedKey(snapshot));
  }

  /** Brings the paused sandboxes into the store, and takes those out that a window resumes or has resumed or deleted. */
  async showPaused(): Promise<void> {
    const { store, snapshots, custody, log } = this.#options;
    const { reservations } = custody;
    try {
      // In this order, for a sandbox is no longer paused before it is no longer reserved.
      const reserved = await reservations.all();
      const all = await snapshots.all(custody.scope);
      const isFree = (task: string) => !reserved.has(task) && !reservations.has(task);
      const paused = all.filter((snapshot) => snapshot.isPaused && isFree(resuming(snapshot))).map(pausedRecord);
      const keys = new Set(paused.map(({ key }) => key));
      const gone = store.all.filter(({ key, phase }) => phase.kind === "paused" && !keys.has(key));
      store.apply({ put: paused, removeKeys: gone.map(({ key }) => key) });
    } catch (error) {
      log.warn(`Paused sandboxes: ${messageOf(error)}`);
    }
  }

  /** Keeps account of what Modal kept of a sandbox of ours as it ended. `false` if that is not known yet. */
  async keepExit({ id, name, making }: JournalEntry, signal: AbortSignal): Promise<boolean> {
    const { gateway, snapshots, custody, clock, log } = this.#options;
    if (!making || id === undefined) return true;
    try {
      const imageId = await gateway.ofEnded(id, signal);
      const exit = {
        ...making,
        kind: "exit",
        sandboxName: name,
        scope: custody.scope,
        createdAt: clock.now(),
      } as const;
      if (imageId !== undefined) await snapshots.add({ ...exit, imageId });
      return true;
    } catch (error) {
      log.warn(`Exit snapshot of ${name}: ${messageOf(error)}`);
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

/** Names of reservations. */
const resuming = ({ imageId }: Pick<Snapshot, "imageId">) => `resume ${imageId}`;
const leaving = ({ phase }: RunningSandbox) => `leave ${phase.id}`;

const underWay = () =>
  new UserError("This window or another one is already doing this. Refresh to see the result.", {
    actions: [{ title: "Refresh Sandboxes", command: "modalSandboxes.refreshSandboxes" }],
  });

const notRecorded = (kind: SnapshotKind, folder: string, cause: unknown) => {
  const what = kind === "pause" ? "The sandbox was not paused and keeps running" : "The snapshot was not kept";
  return new UserError(
    `${what}: ${folder} cannot be written, so its files could not be found again (${messageOf(cause)}). Make room there and try again.`,
    { cause, actions: [{ title: "Show Log", command: "modalSandboxes.showLog" }] },
  );
};

const notPaused = () =>
  new UserError("The sandbox is no longer paused: it was resumed or deleted elsewhere.", {
    actions: [{ title: "Refresh Sandboxes", command: "modalSandboxes.refreshSandboxes" }],
  });
