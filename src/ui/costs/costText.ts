import { formatDollars, formatHourlyRate, plural } from "../../base/format";
import type { Account } from "../../modal/account";
import { formatGpu } from "../../modal/gpus";
import type { Costs, MeteredSandbox } from "../../sandboxes/costs/costMeter";
import type { DayLimitReached } from "../../sandboxes/costs/dayLimits";
import { startOfDay } from "../../sandboxes/costs/spending";
import { timeLeft } from "../../sandboxes/describe";
import { escapeMarkdown } from "../views/markdown";
import { joined } from "../views/rows/row";

/** A smaller amount is not shown as spent. */
const CENT = 0.01;

export interface StatusText {
  readonly text: string;
  /** The text for a screen reader. */
  readonly spoken: string;
}

/** The status bar's text for all sandboxes together; `undefined` if none is running and nothing was spent today. */
export function costStatus(costs: Costs): StatusText | undefined {
  const { sandboxes, perHour, isFree } = costs;
  const count = sandboxes.length;
  if (isFree)
    return count > 0
      ? { text: `$(vm-running) ${count} · free`, spoken: `${running(count)}, free on the local backend` }
      : undefined;
  if (count === 0 && costs.today < CENT) return undefined;
  const today = spentToday(costs);
  const spokenToday = `${today.replace("~", "about ")} today`;
  if (count === 0) return { text: `$(vm) ${today} today`, spoken: `Modal: ${spokenToday}` };
  const rate = formatHourlyRate(perHour);
  return {
    text: `$(vm-running) ${count} · ${rate} · ${today} today`,
    spoken: `${running(count)}, ${rate.replace("/h", " per hour")}, ${spokenToday}`,
  };
}

/** Dollars, with a mark if they are an estimate: `~$0.12`. */
export function spent(dollars: number, isEstimate: boolean): string {
  if (dollars < CENT) return dollars > 0 ? "under $0.01" : formatDollars(0);
  return `${isEstimate ? "~" : ""}${formatDollars(dollars)}`;
}

export const spentToday = ({ today, isTodayEstimate }: Costs): string => spent(today, isTodayEstimate);

export interface TooltipOptions {
  readonly costs: Costs;
  /** `workspace/environment`; empty until it is known. */
  readonly account: string;
  /** Where the prices come from. */
  readonly source: string;
}

/** The tooltip, in Markdown: each sandbox with its rate and its cost, and the sum of all. */
export function costTooltip({ costs, account, source }: TooltipOptions): string {
  const title = ["Modal sandboxes", ...(account ? [account] : [])].map(escapeMarkdown).join(" · ");
  if (costs.isFree) return `**${title}**\n\nThe local backend costs nothing.`;
  const rows = costs.sandboxes.map((metered) => [
    labelOf(metered),
    formatHourlyRate(metered.perHour),
    spent(metered.soFar, metered.isEstimate),
  ]);
  const total = ["Together", formatHourlyRate(costs.perHour), `${spentToday(costs)} today`];
  const lines = [...rows, ...(rows.length === 1 ? [] : [total])].map(
    (cells) => `| ${cells.map(escapeMarkdown).join(" | ")} |`,
  );
  const today = rows.length === 1 ? `\n\n${escapeMarkdown(spentToday(costs))} spent today.` : "";
  const note = costs.isTodayEstimate ? " ~ marks an estimate from time and rate." : "";
  return [
    `**${title}**\n\n`,
    ["| Sandbox | Per hour | So far |", "|:--|--:|--:|", ...lines].join("\n"),
    today,
    `\n\n${escapeMarkdown(`By ${source}.${note}`)}`,
  ].join("");
}

/** `workspace/environment`, as much of it as is known. */
export const accountName = (account: Account | undefined): string =>
  account ? [account.workspace, account.environment].filter(Boolean).join("/") : "";

/** Names a sandbox: `T4 · vscode-1a2b`. */
export const labelOf = ({ sandbox }: MeteredSandbox): string => `${formatGpu(sandbox.gpu)} · ${sandbox.name}`;

/** The time until a sandbox ends: `ends in 50m`. */
export function remaining({ sandbox }: MeteredSandbox, now: number): string | undefined {
  const { phase, timeoutMs } = sandbox;
  if (phase.kind !== "running" || timeoutMs <= 0) return undefined;
  return `ends in ${timeLeft(phase.startedAt + timeoutMs - now)}`;
}

/** The total of the last days, and what was spent on each: `today $0.05 · Fri $1.20`. The first of `days` is today. */
export function weekText(
  costs: Pick<Costs, "isTodayEstimate">,
  days: readonly number[],
  now: number,
): { description: string; detail: string } {
  const sum = days.reduce((total, dollars) => total + dollars, 0);
  const hasEstimate = costs.isTodayEstimate || days.slice(1).some((dollars) => dollars > 0);
  return {
    description: spent(sum, hasEstimate),
    detail: joined(...days.map((dollars, daysAgo) => dayText(dollars, daysAgo, now, costs.isTodayEstimate))),
  };
}

function dayText(dollars: number, daysAgo: number, now: number, isTodayEstimate: boolean): string | undefined {
  if (dollars < CENT) return undefined;
  if (daysAgo === 0) return `today ${spent(dollars, isTodayEstimate)}`;
  const day = new Date(startOfDay(now, daysAgo)).toLocaleDateString("en-US", { weekday: "short" });
  return `${day} ${formatDollars(dollars)}`;
}

const running = (count: number): string => `${plural(count, "Modal sandbox", "Modal sandboxes")} running`;

/** The notice that today's spending has reached a limit, with what keeps running and its price. */
export function dayLimitText({ kind, limit, today }: DayLimitReached, { sandboxes, perHour }: Costs): string {
  const spent = `Your sandboxes have cost ${formatDollars(today)} today, and your ${kind} limit is ${formatDollars(limit)} a day.`;
  const refused = kind === "hard" ? " No more sandboxes will be created today." : "";
  const count = sandboxes.length;
  const keeps = count === 1 ? "keeps" : "keep";
  const running =
    count > 0
      ? ` ${plural(count, "sandbox", "sandboxes")} ${keeps} running at ${formatHourlyRate(perHour)} until terminated.`
      : "";
  return `${spent}${refused}${running}`;
}
