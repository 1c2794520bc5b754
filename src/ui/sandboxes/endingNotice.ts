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

/** Asks, once for each sandbox of this window, whether to go on in another one before its lifetime is over. */
export function watchEndings(sandboxes: SandboxSource, clock: Clock): Disposable {
  const told = new Set<string>();
  const check = () => {
    const now = clock.now();
    for (const sandbox of sandboxes.all.filter(isRunning)) {
      if (told.has(sandbox.key) || !isNearEnd(sandbox, now)) continue;
      told.add(sandbox.key);
      void offer(sandbox, now);
    }
  };
  return every(CHECK_MS, check);
}

/** One that was made for so short a time ends as it was meant to. */
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
    `The ${label} sandbox ends in ${left}: its lifetime is over then. Go on in another one with the same files?`,
    CONTINUE,
    "Let It End",
  );
  if (chosen === CONTINUE)
    await commands.executeCommand("modalSandboxes.continueSandbox", { kind: "sandbox", key: sandbox.key });
}

const CONTINUE = "Continue in Another";
