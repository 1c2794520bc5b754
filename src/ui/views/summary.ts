import type { Session } from "../../auth/session";
import { formatHourlyRate, plural } from "../../base/format";
import { hourlyRate } from "../../sandboxes/cost";
import { isRunning, type Sandbox } from "../../sandboxes/sandbox";

/** What the view says of all its sandboxes together. */
export interface Summary {
  /** Beside the view's name, where VS Code shows that: what is paid, or that nothing is. */
  readonly description: string;
  /** Above the rows: what they cost together, once it takes adding up. */
  readonly message: string | undefined;
  readonly badge: { readonly value: number; readonly tooltip: string } | undefined;
}

export function summarize(sandboxes: readonly Sandbox[], session: Session): Summary {
  const running = sandboxes.filter(isRunning);
  const count = running.length;
  const isLocal = session.kind === "local";
  const rate = formatHourlyRate(running.reduce((sum, sandbox) => sum + hourlyRate(sandbox), 0));
  const isPaid = count > 0 && !isLocal;
  return {
    description: isLocal ? "local" : isPaid ? rate : "",
    message: isPaid && count > 1 ? `${plural(count, "sandbox", "sandboxes")} running · ${rate} together` : undefined,
    badge:
      count > 0
        ? { value: count, tooltip: `${plural(count, "sandbox", "sandboxes")} running${isPaid ? ` · ${rate}` : ""}` }
        : undefined,
  };
}
