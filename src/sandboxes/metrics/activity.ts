import type { Disposable } from "../../base/disposable";
import { Emitter, type Event } from "../../base/event";
import type { Clock } from "../../base/ports";
import type { StartedProcess } from "../../modal/exec";
import type { RunningSandbox } from "../sandbox";

/** How a sandbox is used at a moment, as far as this window knows. */
export type Use =
  /** A program or a shell of this window runs in it. */
  | { readonly kind: "busy" }
  /** `leftMs`: until its idle limit ends it, unless it is used meanwhile; `undefined` where it has no limit. */
  | { readonly kind: "idle"; readonly idleMs: number; readonly leftMs: number | undefined }
  /** It outlives its idle limit: another window, or a visitor of a tunnel, uses it. */
  | { readonly kind: "usedElsewhere" };

/**
 * When this window used each sandbox. Modal counts a sandbox as idle while no program that was started in it runs and no
 * connection to a tunnel is open; the latter, and what others start, is not seen here, so the time left is the least.
 */
export class Activity implements Disposable {
  readonly #clock: Clock;
  readonly #subscription: Disposable;
  /** How many programs run in each sandbox, by its id, and how many of them are no mere probes. */
  readonly #running = new Map<string, { readonly all: number; readonly work: number }>();
  readonly #lastEndAt = new Map<string, number>();
  readonly #changed = new Emitter<string>();
  /** A sandbox, by its id, began or ceased to be busy. */
  readonly onDidChangeActivity = this.#changed.event;

  constructor(processes: { readonly onDidStartProcess: Event<StartedProcess> }, clock: Clock) {
    this.#clock = clock;
    this.#subscription = processes.onDidStartProcess(({ sandboxId, isProbe, over }) => {
      this.#count(sandboxId, 1, isProbe);
      void over.then(() => {
        this.#lastEndAt.set(sandboxId, clock.now());
        this.#count(sandboxId, -1, isProbe);
      });
    });
  }

  /** Whether a program or a shell of this window runs in it, other than a probe. */
  isBusy(sandboxId: string): boolean {
    return (this.#running.get(sandboxId)?.work ?? 0) > 0;
  }

  /** `undefined` for one that another window holds, which knows. */
  useOf({ holder, idleTimeoutMs, phase }: RunningSandbox): Use | undefined {
    if (holder !== "thisWindow") return undefined;
    if (this.isBusy(phase.id)) return { kind: "busy" };
    const now = this.#clock.now();
    const usedAt = this.#running.has(phase.id) ? now : Math.max(phase.startedAt, this.#lastEndAt.get(phase.id) ?? 0);
    const idleMs = now - usedAt;
    const leftMs = idleTimeoutMs === undefined ? undefined : idleTimeoutMs - idleMs;
    return leftMs !== undefined && leftMs < -GRACE_MS ? { kind: "usedElsewhere" } : { kind: "idle", idleMs, leftMs };
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  #count(sandboxId: string, change: 1 | -1, isProbe: boolean): void {
    const before = this.#running.get(sandboxId) ?? { all: 0, work: 0 };
    const after = { all: before.all + change, work: before.work + (isProbe ? 0 : change) };
    if (after.all > 0) this.#running.set(sandboxId, after);
    else this.#running.delete(sandboxId);
    if (before.work > 0 !== after.work > 0) this.#changed.fire(sandboxId);
  }
}

/** Modal's clock and ours differ, and its list tells of an end a little later. */
const GRACE_MS = 60_000;
