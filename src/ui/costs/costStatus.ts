import { StatusBarAlignment, ThemeColor, window } from "vscode";
import { every } from "../../base/async";
import { DisposableStore, type Disposable } from "../../base/disposable";
import { messageOf } from "../../base/errors";
import type { Logger } from "../../base/ports";
import type { Account } from "../../modal/account";
import type { RateSource } from "../../modal/rates";
import type { CostMeter } from "../../sandboxes/costs/costMeter";
import { crossings, type Limits } from "../../sandboxes/costs/limits";
import { accountName, costStatus, costTooltip } from "./costText";
import { tooltipOf } from "../outsideText";

export interface CostStatusOptions {
  readonly meter: CostMeter;
  readonly rates: RateSource;
  readonly account: { readonly current: Account | undefined };
  readonly log: Logger;
  readonly limits: () => { readonly soft: Limits; readonly hard: Limits };
}

/** How often the sum is updated while something is billed. */
const INTERVAL_MS = 10_000;

/** The status bar item with the number of running sandboxes, their cost per hour, and what was spent today. */
export class CostStatus implements Disposable {
  readonly #options: CostStatusOptions;
  readonly #own = new DisposableStore();
  readonly #item = this.#own.add(window.createStatusBarItem("modalSandboxes.costs", StatusBarAlignment.Left));

  constructor(options: CostStatusOptions) {
    this.#options = options;
    this.#item.name = "Modal Costs";
    this.#item.command = "modalSandboxes.showCosts";
    this.#own.add(options.meter.onDidChangeCosts(() => this.#render()));
    this.#own.add(
      window.onDidChangeWindowState(({ focused }) => {
        if (focused) this.#update();
      }),
    );
    this.#own.add(every(INTERVAL_MS, () => this.#render()));
    this.#render();
    this.#update();
  }

  dispose(): void {
    this.#own.dispose();
  }

  /** Includes what other windows spend. */
  #update(): void {
    this.#options.meter.update().catch((error: unknown) => this.#options.log.warn(`Costs: ${messageOf(error)}`));
  }

  #render(): void {
    const { meter, account, rates, limits } = this.#options;
    const { costs } = meter;
    const status = costStatus(costs);
    if (!status) {
      this.#item.hide();
      return;
    }
    const load = { sandboxes: costs.sandboxes.length, dollarsPerHour: costs.perHour, dollarsPerDay: costs.today };
    const { soft, hard } = limits();
    this.#item.text = status.text;
    this.#item.accessibilityInformation = { label: status.spoken };
    this.#item.tooltip = tooltipOf(
      costTooltip({ costs, account: accountName(account.current), source: rates.current.source }),
    );
    this.#item.backgroundColor =
      [...crossings(load, soft), ...crossings(load, hard)].length > 0
        ? new ThemeColor("statusBarItem.warningBackground")
        : undefined;
    this.#item.show();
  }
}
