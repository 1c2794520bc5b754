import { Emitter } from "../../base/event";
import type { Clock, Memento } from "../../base/ports";
import type { CostMeter } from "./costMeter";
import type { Limits } from "./limits";
import { isRunning, type RunningSandbox } from "../sandbox";
import type { SandboxStore } from "../sandboxStore";
import { startOfDay } from "./spending";

export interface DayLimitsOptions {
  readonly meter: Pick<CostMeter, "costs">;
  readonly store: SandboxStore;
  readonly limits: () => { readonly soft: Limits; readonly hard: Limits };
  /** True if idle sandboxes should end when the day's hard limit is reached. */
  readonly stopsIdle: () => boolean;
  readonly isBusy: (key: string) => boolean;
  /** Updates the costs, which may be an estimate from before this machine slept. `false` if that failed. */
  readonly confirm: () => Promise<boolean>;
  /** Shared by all windows, so that only one of them reports each crossing. */
  readonly memento: Memento;
  readonly clock: Clock;
}

export interface DayLimitReached {
  readonly kind: "soft" | "hard";
  /** US dollars. */
  readonly limit: number;
  readonly today: number;
}

/** Watches what this machine's sandboxes have cost today, and reports when that reaches a limit. */
export class DayLimits {
  readonly #options: DayLimitsOptions;
  readonly #reached = new Emitter<DayLimitReached>();
  readonly onDidReachLimit = this.#reached.event;
  readonly #idle = new Emitter<readonly RunningSandbox[]>();
  /** Fires with the idle sandboxes to end after the hard limit is reached. Each sandbox is reported once. */
  readonly onDidFindIdle = this.#idle.event;
  readonly #offered = new Set<string>();
  #isChecking = false;

  constructor(options: DayLimitsOptions) {
    this.#options = options;
  }

  /**
   * Checks the limits. The costs are confirmed before anything is reported. `isAttended` is true if the user can see
   * this window.
   */
  async check(isAttended: boolean): Promise<void> {
    if (this.#isChecking || !this.#hasNews(isAttended)) return;
    this.#isChecking = true;
    try {
      if (await this.#options.confirm()) this.#tell(isAttended);
    } finally {
      this.#isChecking = false;
    }
  }

  /**
   * Terminates the sandboxes that are still idle, if the hard limit is still reached. The others will be reported
   * again.
   */
  async endIdle(found: readonly RunningSandbox[], terminate: (key: string) => Promise<void>): Promise<void> {
    const isReached = this.#reachedNow?.kind === "hard";
    const idle = new Set(isReached ? this.idle().map(({ key }) => key) : []);
    const outcomes = await Promise.allSettled(
      found.map(async ({ key }) => {
        if (idle.has(key)) await terminate(key);
        else this.#offered.delete(key);
      }),
    );
    outcomes.forEach(({ status }, at) => {
      if (status === "rejected") this.#offered.delete(found[at]?.key ?? "");
    });
    const failure = outcomes.find((outcome) => outcome.status === "rejected");
    if (failure) throw failure.reason;
  }

  #tell(isAttended: boolean): void {
    const reached = this.#reachedNow;
    if (!reached) return;
    if (isAttended && this.#isNews(reached)) {
      this.#remember(reached);
      this.#reached.fire(reached);
    }
    const idle = this.#idleAt(reached);
    for (const { key } of idle) this.#offered.add(key);
    if (idle.length > 0) this.#idle.fire(idle);
  }

  #hasNews(isAttended: boolean): boolean {
    const reached = this.#reachedNow;
    return reached !== undefined && ((isAttended && this.#isNews(reached)) || this.#idleAt(reached).length > 0);
  }

  get #reachedNow(): DayLimitReached | undefined {
    const { meter, limits } = this.#options;
    const { today } = meter.costs;
    const { soft, hard } = limits();
    const isReached = (limit: number) => limit > 0 && today >= limit;
    if (isReached(hard.dollarsPerDay)) return { kind: "hard", limit: hard.dollarsPerDay, today };
    return isReached(soft.dollarsPerDay) ? { kind: "soft", limit: soft.dollarsPerDay, today } : undefined;
  }

  #idleAt({ kind }: DayLimitReached): RunningSandbox[] {
    if (kind !== "hard" || !this.#options.stopsIdle()) return [];
    return this.idle().filter(({ key }) => !this.#offered.has(key));
  }

  /** This window's sandboxes on which nothing runs. */
  idle(): RunningSandbox[] {
    const { store, isBusy } = this.#options;
    return store.all.filter(isRunning).filter(({ key, holder }) => holder === "thisWindow" && !isBusy(key));
  }

  #isNews(reached: DayLimitReached): boolean {
    return this.#options.memento.get(keyOf(reached)) !== this.#stampOf(reached);
  }

  #remember(reached: DayLimitReached): void {
    // If this cannot be stored, the limit is reported again.
    this.#options.memento.update(keyOf(reached), this.#stampOf(reached)).then(undefined, () => undefined);
  }

  #stampOf({ limit }: DayLimitReached): string {
    return `${startOfDay(this.#options.clock.now())} ${limit}`;
  }
}

const keyOf = ({ kind }: DayLimitReached): string => `modalSandboxes.toldDayLimit.${kind}`;
