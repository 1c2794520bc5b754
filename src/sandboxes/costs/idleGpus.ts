import { Emitter } from "../../base/event";
import type { Clock } from "../../base/ports";
import { isRunning, type RunningSandbox } from "../sandbox";
import type { SandboxStore } from "../sandboxStore";

export interface IdleGpusOptions {
  readonly store: SandboxStore;
  /** True if a program or shell of this window runs in the sandbox. */
  readonly isBusy: (key: string) => boolean;
  /** The utilization of its GPUs in percent, `undefined` if the sandbox has no tool to measure it. */
  readonly utilization: (sandbox: RunningSandbox) => Promise<number | undefined>;
  /** How long a GPU must be idle before it is reported. 0 turns the reports off. */
  readonly idleMs: () => number;
  readonly clock: Clock;
}

export interface IdleGpu {
  readonly sandbox: RunningSandbox;
  readonly idleMs: number;
}

/** An unused sandbox ends by itself at its idle limit. If it lives longer, something keeps it alive. */
const GRACE_MS = 60_000;

/** Finds GPUs that cost money but do nothing. Each is reported once, until something runs on it again. */
export class IdleGpus {
  readonly #options: IdleGpusOptions;
  readonly #found = new Emitter<IdleGpu>();
  readonly onDidFindIdleGpu = this.#found.event;
  readonly #busyAt = new Map<string, number>();
  readonly #notified = new Set<string>();

  constructor(options: IdleGpusOptions) {
    this.#options = options;
  }

  /** Records that something started or ended in the sandbox. */
  touch(key: string): void {
    this.#busyAt.set(key, this.#options.clock.now());
    this.#notified.delete(key);
  }

  /** Checks all sandboxes of this window once. */
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
    if (!sandbox.gpu || limitMs <= 0 || this.#notified.has(sandbox.key) || isBusy(sandbox.key)) return;
    const sinceMs = clock.now() - (this.#busyAt.get(sandbox.key) ?? sandbox.phase.startedAt);
    // Measuring counts as use, and must not keep a sandbox alive that would end by itself.
    if (sinceMs < Math.max(limitMs, (sandbox.idleTimeoutMs ?? 0) + GRACE_MS)) return;
    if (((await utilization(sandbox)) ?? 0) > 0) {
      this.#busyAt.set(sandbox.key, clock.now());
      return;
    }
    this.#notified.add(sandbox.key);
    this.#found.fire({ sandbox, idleMs: sinceMs });
  }
}
