import { DisposableStore, type Disposable } from "../../base/disposable";
import { messageOf } from "../../base/errors";
import type { Clock, Logger, Memento } from "../../base/ports";
import type { AccountService } from "../../modal/account";
import type { RateSource } from "../../modal/rates";
import { isFinished } from "../../run/run";
import type { RunService } from "../../run/runService";
import type { Activity } from "../../sandboxes/metrics/activity";
import type { CostMeter } from "../../sandboxes/costs/costMeter";
import { DayLimits } from "../../sandboxes/costs/dayLimits";
import { IdleGpus } from "../../sandboxes/costs/idleGpus";
import { sandboxIdOf, type RunningSandbox } from "../../sandboxes/sandbox";
import type { MetricService } from "../../sandboxes/metrics/metricService";
import type { SandboxService } from "../../sandboxes/sandboxService";
import type { SandboxStore } from "../../sandboxes/sandboxStore";
import { CostStatus } from "./costStatus";
import { watchIdleGpus } from "./idleGpuNotice";
import { watchDayLimits } from "./limitQuestions";
import { idleGpuMs, spendingLimits, stopsIdleAtLimit } from "../settings";

export interface CostWatchOptions {
  readonly meter: CostMeter;
  readonly rates: RateSource;
  readonly account: AccountService;
  readonly store: SandboxStore;
  readonly sandboxes: SandboxService;
  readonly runs: RunService;
  readonly activity: Activity;
  readonly metrics: () => Promise<MetricService>;
  readonly memento: Memento;
  /** Updates the sandboxes, and the costs of those that have ended. */
  readonly refresh: (signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly report: (error: unknown) => void;
}

const TERMINATE_TIMEOUT_MS = 60_000;

const REFRESH_TIMEOUT_MS = 60_000;

/** Watches costs: the status bar item, the daily limits, and GPUs that do nothing. */
export class CostWatch implements Disposable {
  readonly #options: CostWatchOptions;
  readonly #own = new DisposableStore();
  readonly #idleGpus: IdleGpus;

  constructor(options: CostWatchOptions) {
    this.#options = options;
    const { meter, rates, account, store, sandboxes, runs, metrics, memento, clock, log, report } = options;
    const isBusy = (key: string) => this.#isBusy(key);
    const utilization = async (sandbox: RunningSandbox) => (await metrics()).gpuUtilization(sandbox);
    this.#idleGpus = new IdleGpus({ store, isBusy, utilization, idleMs: idleGpuMs, clock });
    this.#own.add(watchIdleGpus(this.#idleGpus, rates, report));
    this.#own.add(
      runs.onDidChangeRun(({ sandboxKey }) => {
        if (sandboxKey !== undefined) this.#idleGpus.touch(sandboxKey);
      }),
    );
    this.#own.add(new CostStatus({ meter, rates, account, log, limits: spendingLimits }));
    const limits = { limits: spendingLimits, stopsIdle: stopsIdleAtLimit };
    this.#own.add(
      watchDayLimits({
        dayLimits: new DayLimits({ meter, store, ...limits, isBusy, memento, clock, confirm: () => this.#confirm() }),
        meter,
        terminate: (key) => sandboxes.terminate(key, AbortSignal.timeout(TERMINATE_TIMEOUT_MS)),
        report,
      }),
    );
  }

  dispose(): void {
    this.#own.dispose();
  }

  async #confirm(): Promise<boolean> {
    const { refresh, meter, log } = this.#options;
    try {
      await refresh(AbortSignal.timeout(REFRESH_TIMEOUT_MS));
      await meter.update();
      return true;
    } catch (error) {
      log.warn(`Today's costs could not be confirmed: ${messageOf(error)}`);
      return false;
    }
  }

  /** True if a run uses the sandbox, even while it is being prepared, or a shell is open in it. */
  #isBusy(key: string): boolean {
    const { runs, activity, store } = this.#options;
    const sandbox = store.get(key);
    const id = sandbox && sandboxIdOf(sandbox);
    return (
      (id !== undefined && activity.isBusy(id)) ||
      runs.runs.some(({ sandboxKey, state }) => sandboxKey === key && !isFinished(state))
    );
  }
}
