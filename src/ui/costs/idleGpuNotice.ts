import { commands } from "vscode";
import { every } from "../../base/async";
import { DisposableStore, type Disposable } from "../../base/disposable";
import { formatHourlyRate, formatUptime } from "../../base/format";
import { formatGpu } from "../../modal/gpus";
import type { RateSource } from "../../modal/rates";
import { hourlyRate } from "../../sandboxes/costs/cost";
import type { IdleGpu, IdleGpus } from "../../sandboxes/costs/idleGpus";
import { showWarning } from "../outsideText";

const INTERVAL_MS = 60_000;

const TERMINATE = "Terminate";
const KEEP = "Keep";

/** Warns about GPUs that cost money and do nothing. */
export function watchIdleGpus(idle: IdleGpus, rates: RateSource, report: (error: unknown) => void): Disposable {
  const own = new DisposableStore();
  own.add(
    idle.onDidFindIdleGpu((found) => {
      offer(found, rates).catch(report);
    }),
  );
  own.add(
    every(INTERVAL_MS, () => {
      idle.check().catch(report);
    }),
  );
  return own;
}

async function offer({ sandbox, idleMs }: IdleGpu, rates: RateSource): Promise<void> {
  const chosen = await showWarning(
    `The ${formatGpu(sandbox.gpu)} of ${sandbox.name} has done nothing for ${formatUptime(idleMs)}, at ${formatHourlyRate(hourlyRate(sandbox, rates.current))}.`,
    TERMINATE,
    KEEP,
  );
  if (chosen === TERMINATE)
    await commands.executeCommand("modalSandboxes.terminateSandbox", { kind: "sandbox", key: sandbox.key });
}
