import { commands, QuickPickItemKind, ThemeIcon, type QuickPickItem } from "vscode";
import { formatHourlyRate } from "../../base/format";
import type { Clock } from "../../base/ports";
import type { Account } from "../../modal/account";
import type { RateSource } from "../../modal/rates";
import type { CostMeter, MeteredSandbox } from "../../sandboxes/costs/costMeter";
import type { Activity } from "../../sandboxes/metrics/activity";
import { describeUse } from "../../sandboxes/describe";
import { isRunning } from "../../sandboxes/sandbox";
import { accountName, labelOf, remaining, spent, spentToday, weekText } from "./costText";
import { createPicker, inert } from "../outsideText";
import { fillRows } from "../pickers/rows";
import { joined } from "../views/rows/row";
import type { CommandTable } from "../commands/register";

export interface CostDependencies {
  readonly meter: CostMeter;
  readonly rates: RateSource;
  readonly account: { readonly current: Account | undefined };
  readonly clock: Clock;
  readonly activity: Pick<Activity, "useOf">;
  readonly view: { reveal(key: string): Promise<void> };
}

type CostLine = QuickPickItem & { readonly act?: () => unknown; readonly key?: string };

const terminateButton = { iconPath: new ThemeIcon("trash"), tooltip: "Terminate Sandbox" };

export const costCommands = (dependencies: CostDependencies): CommandTable => ({
  "modalSandboxes.showCosts": () => showCosts(dependencies),

  "modalSandboxes.setLimits": () => commands.executeCommand("workbench.action.openSettings", "modalSandboxes.spending"),
});

/** Shows what each sandbox costs and what was spent, with buttons to terminate sandboxes and to set limits. */
async function showCosts({ meter, rates, account, clock, activity, view }: CostDependencies): Promise<void> {
  await meter.update();
  const days = await meter.lastDays(DAYS);
  const { costs } = meter;
  const own = createPicker<CostLine>();
  own.title = inert(joined("Costs", costs.isFree ? "local backend" : accountName(account.current)));
  own.placeholder = inert(
    costs.isFree ? "Nothing is billed on this machine" : `By ${rates.current.source}; ~ marks an estimate`,
  );
  fillRows(own, [
    ...section(
      "Running",
      costs.sandboxes.map((metered) => ({
        ...sandboxLine(metered, costs.isFree, clock.now(), activity),
        act: () => view.reveal(metered.sandbox.key),
      })),
    ),
    ...(costs.isFree
      ? []
      : section("Spent by this machine's sandboxes", [
          { iconPath: new ThemeIcon("calendar"), label: "Today", description: spentToday(costs) },
          {
            iconPath: new ThemeIcon("history"),
            label: "Last 7 days",
            ...weekText(costs, days, clock.now()),
          },
        ])),
    ...section("Actions", [
      ...(costs.sandboxes.length > 0
        ? [
            {
              iconPath: new ThemeIcon("trash"),
              label: "Terminate…",
              act: () => commands.executeCommand("modalSandboxes.terminateSandbox"),
            },
          ]
        : []),
      {
        iconPath: new ThemeIcon("settings-gear"),
        label: "Set Spending Limits…",
        act: () => commands.executeCommand("modalSandboxes.setLimits"),
      },
    ]),
  ]);
  own.onDidTriggerItemButton(({ item: { key } }) => {
    own.hide();
    void commands.executeCommand("modalSandboxes.terminateSandbox", { kind: "sandbox", key });
  });
  own.onDidAccept(() => {
    const act = own.activeItems[0]?.act;
    if (!act) return;
    own.hide();
    void act();
  });
  own.onDidHide(() => own.dispose());
  own.show();
}

const DAYS = 7;

function sandboxLine(
  metered: MeteredSandbox,
  isFree: boolean,
  now: number,
  activity: Pick<Activity, "useOf">,
): CostLine {
  const use = isRunning(metered.sandbox) ? activity.useOf(metered.sandbox) : undefined;
  const price = isFree
    ? "free"
    : joined(formatHourlyRate(metered.perHour), `${spent(metered.soFar, metered.isEstimate)} so far`);
  return {
    iconPath: new ThemeIcon("vm-running"),
    label: labelOf(metered),
    description: price,
    detail: joined(use && describeUse(use), remaining(metered, now)),
    key: metered.sandbox.key,
    buttons: [terminateButton],
  };
}

const section = (label: string, lines: readonly CostLine[]): CostLine[] =>
  lines.length === 0 ? [] : [{ label, kind: QuickPickItemKind.Separator }, ...lines];
