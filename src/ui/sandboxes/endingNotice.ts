import { commands } from "vscode";
import { every } from "../../base/async";
import type { Disposable } from "../../base/disposable";
import { formatUptime } from "../../base/format";
import type { Clock } from "../../base/ports";
import { describeSandbox } from "../../sandboxes/describe";
import { isRunning, timeLeftMs, type RunningSandbox } from "../../sandboxes/sandbox";
import { showWarning } from "../outsideText";
import { endingNoticeMs } from "../settings";
import type { SandboxSource } from "../views/treeSources";

const CHECK_MS = 5000;

/** Offers, once for each sandbox of this window, to continue in another one before its lifetime ends. */
export function watchEndings(sandboxes: SandboxSource, clock: Clock): Disposable {
  const offered = new Set<string>();
  const check = () => {
    const now = clock.now();
    for (const sandbox of sandboxes.all.filter(isRunning)) {
      if (offered.has(sandbox.key) || !isNearEnd(sandbox, now)) continue;
      offered.add(sandbox.key);
      void offer(sandbox, now);
    }
  };
  return every(CHECK_MS, check);
}

/** A sandbox whose whole lifetime is shorter than the notice was meant to end soon, so nothing is said. */
function isNearEnd(sandbox: RunningSandbox, now: number): boolean {
  const leftMs = timeLeftMs(sandbox, now);
  const noticeMs = endingNoticeMs();
  const isLong = sandbox.timeoutMs >= 2 * noticeMs;
  return sandbox.holder === "thisWindow" && isLong && leftMs !== undefined && leftMs < noticeMs;
}

async function offer(sandbox: RunningSandbox, now: number): Promise<void> {
  const { label } = describeSandbox(sandbox, now);
  const left = formatUptime(Math.max(0, timeLeftMs(sandbox, now) ?? 0));
  const chosen = await showWarning(
    `The ${label} sandbox ends in ${left}, when its lifetime is over. Continue in another one with the same files?`,
    CONTINUE,
    "Let It End",
  );
  if (chosen === CONTINUE)
    await commands.executeCommand("modalSandboxes.continueSandbox", { kind: "sandbox", key: sandbox.key });
}

const CONTINUE = "Continue in Another";
