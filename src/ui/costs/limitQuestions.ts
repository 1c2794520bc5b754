import { commands, window } from "vscode";
import { every } from "../../base/async";
import { DisposableStore, type Disposable } from "../../base/disposable";
import type { Event } from "../../base/event";
import { formatDollars, plural } from "../../base/format";
import type { DayLimitReached, DayLimits } from "../../sandboxes/costs/dayLimits";
import type { RunningSandbox } from "../../sandboxes/sandbox";
import { askInDialog, showWarning } from "../outsideText";

/** Asks whether to create a sandbox that exceeds a soft limit. */
export async function approveAboveLimit(question: string): Promise<boolean> {
  const detail = "You won't be asked again until you're below the limit.";
  return (await askInDialog(question, detail, CREATE)) === CREATE;
}

const CREATE = "Create Anyway";

export interface DayLimitOptions {
  readonly dayLimits: DayLimits;
  readonly onDidChangeCosts: Event<unknown>;
  readonly terminate: (key: string) => Promise<void>;
  readonly report: (error: unknown) => void;
}

/** How often spending is compared with the limits, and how long the user has to keep the idle sandboxes. */
const INTERVAL_MS = 60_000;
const GRACE_MS = 60_000;

const SHOW = "Show Costs";
const LIMITS = "Set Spending Limits…";
const KEEP = "Keep";

/** Reports when today's spending reaches a limit, and terminates idle sandboxes if a setting says so. */
export function watchDayLimits({ dayLimits, onDidChangeCosts, terminate, report }: DayLimitOptions): Disposable {
  const own = new DisposableStore();
  const check = () => {
    dayLimits.check(window.state.focused).catch(report);
  };
  own.add(
    dayLimits.onDidReachLimit((reached) => {
      tell(reached).catch(report);
    }),
  );
  own.add(
    dayLimits.onDidFindIdle((idle) => {
      endUnlessKept(idle, dayLimits, terminate).catch(report);
    }),
  );
  own.add(onDidChangeCosts(check));
  own.add(every(INTERVAL_MS, check));
  return own;
}

async function tell({ kind, limit, today }: DayLimitReached): Promise<void> {
  const sum = `Your sandboxes have cost ${formatDollars(today)} today, and your ${kind} limit is ${formatDollars(limit)} a day.`;
  const chosen = await showWarning(
    kind === "hard" ? `${sum} No more sandboxes will be created today.` : sum,
    SHOW,
    LIMITS,
  );
  if (chosen === SHOW) await commands.executeCommand("modalSandboxes.showCosts");
  if (chosen === LIMITS) await commands.executeCommand("modalSandboxes.setLimits");
}

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
    timer = setTimeout(() => {
      resolve(undefined);
    }, GRACE_MS);
  });
  // A user who closes the notification has not asked to keep them.
  const kept = answer.then((chosen) => chosen ?? elapsed);
  const outcome = await Promise.race([kept, elapsed]);
  clearTimeout(timer);
  if (outcome === KEEP) return;
  await dayLimits.endIdle(idle, terminate);
}
