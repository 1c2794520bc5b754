import { commands, window } from "vscode";
import { every } from "../../base/async";
import { DisposableStore, type Disposable } from "../../base/disposable";
import { formatHourlyRate, plural } from "../../base/format";
import type { CostMeter, Costs } from "../../sandboxes/costs/costMeter";
import type { DayLimitReached, DayLimits } from "../../sandboxes/costs/dayLimits";
import type { RunningSandbox } from "../../sandboxes/sandbox";
import { askForRisk, showWarning } from "../outsideText";
import { dayLimitText } from "./costText";

/** Asks whether to create a sandbox that exceeds a soft limit. */
export function approveAboveLimit(question: string, dollarsPerHour: number): Promise<boolean> {
  const detail = "You won't be asked again until you're below the limit.";
  const risky = dollarsPerHour > 0 ? `Create for ${formatHourlyRate(dollarsPerHour)}` : "Create Anyway";
  return askForRisk(question, detail, { safe: "Don't Create", risky });
}

export interface DayLimitOptions {
  readonly dayLimits: DayLimits;
  readonly meter: Pick<CostMeter, "costs" | "onDidChangeCosts">;
  readonly terminate: (key: string) => Promise<void>;
  readonly report: (error: unknown) => void;
}

/** How often spending is compared with the limits, and how long the user has to keep the idle sandboxes. */
const INTERVAL_MS = 60_000;
const GRACE_MS = 60_000;

const TERMINATE = "Terminate…";
const SHOW = "Show Costs";
const LIMITS = "Set Spending Limits…";
const KEEP = "Keep";

/** Reports when today's spending reaches a limit, and terminates idle sandboxes if a setting says so. */
export function watchDayLimits({ dayLimits, meter, terminate, report }: DayLimitOptions): Disposable {
  const own = new DisposableStore();
  const check = () => {
    dayLimits.check(window.state.focused).catch(report);
  };
  own.add(
    dayLimits.onDidReachLimit((reached) => {
      tell(reached, meter.costs).catch(report);
    }),
  );
  own.add(
    dayLimits.onDidFindIdle((idle) => {
      endUnlessKept(idle, dayLimits, terminate).catch(report);
    }),
  );
  own.add(meter.onDidChangeCosts(check));
  own.add(every(INTERVAL_MS, check));
  return own;
}

async function tell(reached: DayLimitReached, costs: Costs): Promise<void> {
  const canTerminate = costs.sandboxes.length > 0;
  const actions = [...(canTerminate ? [TERMINATE] : []), SHOW, LIMITS];
  const command = commandOf[(await showWarning(dayLimitText(reached, costs), ...actions)) ?? ""];
  if (command !== undefined) await commands.executeCommand(command);
}

const commandOf: Readonly<Record<string, string>> = {
  [TERMINATE]: "modalSandboxes.terminateSandbox",
  [SHOW]: "modalSandboxes.showCosts",
  [LIMITS]: "modalSandboxes.setLimits",
};

async function endUnlessKept(
  idle: readonly RunningSandbox[],
  dayLimits: DayLimits,
  terminate: (key: string) => Promise<void>,
): Promise<void> {
  const many = plural(idle.length, "idle sandbox", "idle sandboxes");
  const answer = showWarning(
    `Today's spending limit has been reached. ${many} will be terminated in one minute, and the files in them will be lost.`,
    KEEP,
  );
  let timer: ReturnType<typeof setTimeout> | undefined;
  const elapsed = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), GRACE_MS);
  });
  // A user who closes the notification has not asked to keep them.
  const kept = answer.then((chosen) => chosen ?? elapsed);
  const outcome = await Promise.race([kept, elapsed]);
  clearTimeout(timer);
  if (outcome === KEEP) return;
  await dayLimits.endIdle(idle, terminate);
}
