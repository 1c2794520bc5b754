import type { Session } from "../../auth/session";
import { formatHourlyRate, plural } from "../../base/format";
import { hourlyRate } from "../../sandboxes/cost";
import { isRunning, type Sandbox } from "../../sandboxes/sandbox";

/** What the view says of all its sandboxes together. */
export interface Summary {
  readonly running: number;
  /** Beside the view's name: what the running sandboxes cost, or that they cost nothing. */
  readonly description: string | undefined;
  readonly badge: { readonly value: number; readonly tooltip: string } | undefined;
}

export function summarize(sandboxes: readonly Sandbox[], session: Session): Summary {
  const running = sandboxes.filter(isRunning);
  const count = running.length;
  const rate = running.reduce((sum, sandbox) => sum + hourlyRate(sandbox), 0);
  return {
    running: count,
    description: session.kind === "local" ? "local" : count > 0 ? formatHourlyRate(rate) : undefined,
    badge: count > 0 ? { value: count, tooltip: `${plural(count, "sandbox", "sandboxes")} running` } : undefined,
  };
}
