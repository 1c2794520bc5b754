import { Emitter } from "../base/event";
import type { Clock, Memento } from "../base/ports";
import type { CostMeter } from "./costMeter";
import type { Limits } from "./limits";
import { isRunning, type RunningSandbox } from "./sandbox";
import type { SandboxStore } from "./sandboxStore";
import { startOfDay } from "./spending";

export interface DayLimitsOptions {
  readonly meter: Pick<CostMeter, "costs">;
  readonly store: SandboxStore;
  readonly limits: () => { readonly soft: Limits; readonly hard: Limits };
  /** Whether idle sandboxes shall end once the day's hard limit is reached. */
  readonly stopsIdle: () => boolean;
  readonly isBusy: (key: string) => boolean;
  /** Shared by the windows, so that each crossing is told once. */
  readonly memento: Memento;
  readonly clock: Clock;
}

export interface DayLimitReached {
  readonly kind: "soft" | "hard";
  /** US dollars. */
  readonly limit: number;
  readonly today: number;
}

/** Notices when the sandboxes of this machine have cost as much on a day as the user wants to spend. */
export class DayLimits {
  readonly #options: DayLimitsOptions;
  readonly #reached = new Emitter<DayLimitReached>();
  readonly onDidReachLimit = this.#reached.event;
  readonly #idle = new Emitter<readonly RunningSandbox[]>();
  /** What shall end since the hard limit is reached; each sandbox comes once. */
  readonly onDidFindIdle = this.#idle.event;
  readonly #offered = new Set<string>();

  constructor(options: DayLimitsOptions) {
    this.#options = options;
  }

  /** Looks once. `isAttended`: there is somebody at this window to be told. */
  check(isAttended: boolean): void {
    const { meter, limits, stopsIdle } = this.#options;
    const { today } = meter.costs;
    const { soft, hard } = limits();
    const isOver = (limit: number) => limit > 0 && today >= limit;
    const reached: DayLimitReached | undefined = isOver(hard.dollarsPerDay)
      ? { kind: "hard", limit: hard.dollarsPerDay, today }
      : isOver(soft.dollarsPerDay)
        ? { kind: "soft", limit: soft.dollarsPerDay, today }
        : undefined;
    if (reached && isAttended && this.#isNews(reached)) this.#reached.fire(reached);
    if (reached?.kind !== "hard" || !stopsIdle()) return;

    const idle = this.idle().filter(({ key }) => !this.#offered.has(key));
    for (const { key } of idle) this.#offered.add(key);
    if (idle.length > 0) this.#idle.fire(idle);
  }

  /** This window's sandboxes that nothing runs on. */
  idle(): RunningSandbox[] {
    const { store, isBusy } = this.#options;
    return store.all.filter(isRunning).filter(({ key, holder }) => holder === "thisWindow" && !isBusy(key));
  }

  #isNews({ kind, limit }: DayLimitReached): boolean {
    const { memento, clock } = this.#options;
    const stamp = `${startOfDay(clock.now())} ${limit}`;
    const key = `modalSandboxes.toldDayLimit.${kind}`;
    if (memento.get(key) === stamp) return false;
    // What is not kept is told once more.
    memento.update(key, stamp).then(undefined, () => undefined);
    return true;
  }
}
