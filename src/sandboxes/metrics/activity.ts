import type { Disposable } from "../../base/disposable";
import { Emitter, type Event } from "../../base/event";
import type { Clock } from "../../base/ports";
import type { StartedProcess } from "../../modal/exec";
import type { RunningSandbox } from "../sandbox";

/** How a sandbox is used right now, as far as this window knows. */
export type Use =
  /** A program or shell of this window runs in the sandbox. */
  | { readonly kind: "busy" }
  /** `leftMs` is the time until the idle limit ends the sandbox if it stays unused, `undefined` if it has no limit. */
  | { readonly kind: "idle"; readonly idleMs: number; readonly leftMs: number | undefined }
  /** The sandbox has outlived its idle limit, so another window or a visitor of a tunnel uses it. */
  | { readonly kind: "usedElsewhere" };

/**
 * Records when this window used each sandbox. Modal counts a sandbox as idle while no program started in it is running
 * and no connection to a tunnel is open. This window sees neither connections nor programs started elsewhere, so the
 * time left is a lower bound.
 */
export class Activity implements Disposable {
  readonly #clock: Clock;
  readonly #subscription: Disposable;
  /** The number of programs running in each sandbox, by its id, and how many of these are not probes. */
  readonly #running = new Map<string, { readonly all: number; readonly work: number }>();
  readonly #lastEndAt = new Map<string, number>();
  readonly #changed = new Emitter<string>();
  /** Fires with the id of a sandbox that has become busy or idle. */
  readonly onDidChangeActivity = this.#changed.event;

  constructor(processes: { readonly onDidStartProcess: Event<StartedProcess> }, clock: Clock) {
    this.#clock = clock;
    this.#subscription = processes.onDidStartProcess(({ sandboxId, isProbe, finished }) => {
      this.#count(sandboxId, 1, isProbe);
      void finished.then(() => {
        this.#lastEndAt.set(sandboxId, clock.now());
        this.#count(sandboxId, -1, isProbe);
      });
    });
  }

  /** True if a program or shell of this window other than a probe runs in the sandbox. */
  isBusy(sandboxId: string): boolean {
    return (this.#running.get(sandboxId)?.work ?? 0) > 0;
  }

  /** Returns `undefined` for a sandbox that another window holds, because only that window knows. */
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

/** Modal's clock differs from ours, and its list shows the end of a sandbox a little later. */
const GRACE_MS = 60_000;
