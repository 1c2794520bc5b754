import { Emitter } from "../../base/event";
import type { Clock } from "../../base/ports";
import { isRunning, type RunningSandbox } from "../sandbox";
import type { SandboxStore } from "../sandboxStore";

export interface IdleGpusOptions {
  readonly store: SandboxStore;
  /** Whether something that was started here runs on it. */
  readonly isBusy: (key: string) => boolean;
  /** How busy its GPUs are, in percent; `undefined` where it has no tool to say so. */
  readonly utilization: (sandbox: RunningSandbox) => Promise<number | undefined>;
  /** After how long a GPU counts as idle; 0 is never. */
  readonly idleMs: () => number;
  readonly clock: Clock;
}

export interface IdleGpu {
  readonly sandbox: RunningSandbox;
  readonly idleMs: number;
}

/** One that nothing uses ends by itself at its idle limit: what lives longer is kept alive by something. */
const GRACE_MS = 60_000;

/** Finds GPUs that are paid for and do nothing; each is told of once, until something runs on it again. */
export class IdleGpus {
  readonly #options: IdleGpusOptions;
  readonly #found = new Emitter<IdleGpu>();
  readonly onDidFindIdleGpu = this.#found.event;
  readonly #busyAt = new Map<string, number>();
  readonly #told = new Set<string>();

  constructor(options: IdleGpusOptions) {
    this.#options = options;
  }

  /** Something started or ended on it. */
  touch(key: string): void {
    this.#busyAt.set(key, this.#options.clock.now());
    this.#told.delete(key);
  }

  /** Looks once. */
  async check(): Promise<void> {
    const { store, isBusy } = this.#options;
    const candidates = store.all.filter(isRunning).filter(({ holder }) => holder === "thisWindow");
    for (const { key } of candidates) if (isBusy(key)) this.touch(key);
    const keys = new Set(candidates.map(({ key }) => key));
    for (const key of this.#busyAt.keys()) if (!keys.has(key)) this.#busyAt.delete(key);
    for (const sandbox of candidates) await this.#judge(sandbox);
  }

  async #judge(sandbox: RunningSandbox): Promise<void> {
    const { clock, idleMs, isBusy, utilization } = this.#options;
    const limitMs = idleMs();
    if (!sandbox.gpu || limitMs <= 0 || this.#told.has(sandbox.key) || isBusy(sandbox.key)) return;
    const sinceMs = clock.now() - (this.#busyAt.get(sandbox.key) ?? sandbox.phase.startedAt);
    // To look inside counts as a use, which must not keep alive what would end by itself.
    if (sinceMs < Math.max(limitMs, (sandbox.idleTimeoutMs ?? 0) + GRACE_MS)) return;
    if (((await utilization(sandbox)) ?? 0) > 0) {
      this.#busyAt.set(sandbox.key, clock.now());
      return;
    }
    this.#told.add(sandbox.key);
    this.#found.fire({ sandbox, idleMs: sinceMs });
  }
}
