import type { Session } from "../../auth/session";
import { formatHourlyRate, plural } from "../../base/format";
import type { Account } from "../../modal/account";
import type { Rates } from "../../modal/rates";
import { hourlyRate } from "../../sandboxes/costs/cost";
import { isRunning, type Sandbox } from "../../sandboxes/sandbox";

/** A summary of all the sandboxes in the view. */
export interface Summary {
  /** Shown next to the view's title: whose sandboxes these are, and what they cost. */
  readonly description: string;
  /** Lines above the rows: what is wrong with the records, and what several sandboxes cost together. */
  readonly messages: readonly string[];
  readonly badge: { readonly value: number; readonly tooltip: string } | undefined;
}

export interface SummarySources {
  readonly session: Session;
  readonly rates: Rates;
  readonly account?: Account | undefined;
  /** The problem with the records on disk, if there is one. */
  readonly problem?: string | undefined;
}

export function summarize(
  sandboxes: readonly Sandbox[],
  { session, rates, account, problem }: SummarySources,
): Summary {
  const running = sandboxes.filter(isRunning);
  const count = running.length;
  const isLocal = session.kind === "local";
  const rate = formatHourlyRate(running.reduce((sum, sandbox) => sum + hourlyRate(sandbox, rates), 0));
  const isPaid = count > 0 && !isLocal;
  const together =
    isPaid && count > 1 ? `${plural(count, "sandbox", "sandboxes")} running · ${rate} together` : undefined;
  return {
    description: isLocal ? "local" : [...nameOf(account), ...(isPaid ? [rate] : [])].join(" · "),
    messages: [problem, together].filter((line) => line !== undefined),
    badge:
      count > 0
        ? { value: count, tooltip: `${plural(count, "sandbox", "sandboxes")} running${isPaid ? ` · ${rate}` : ""}` }
        : undefined,
  };
}

const nameOf = (account: Account | undefined): string[] =>
  account ? [[account.workspace, account.environment].filter(Boolean).join("/")] : [];
