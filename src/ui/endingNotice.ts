import { commands, window } from "vscode";
import { toDisposable, type Disposable } from "../base/disposable";
import { formatUptime } from "../base/format";
import type { Clock } from "../base/ports";
import { describeSandbox } from "../sandboxes/describe";
import { isRunning, timeLeftMs, type RunningSandbox } from "../sandboxes/sandbox";
import type { SandboxSource } from "./views/sandboxTreeModel";

const CHECK_MS = 15_000;

/** How long before its end a sandbox is spoken of: long enough to keep its files and to start another. */
const NEAR_END_MS = 5 * 60_000;

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
  const timer = setInterval(check, CHECK_MS);
  return toDisposable(() => {
    clearInterval(timer);
  });
}

/** One that was made for minutes ends as it was meant to. */
function isNearEnd(sandbox: RunningSandbox, now: number): boolean {
  const leftMs = timeLeftMs(sandbox, now);
  const isLong = sandbox.timeoutMs > 2 * NEAR_END_MS;
  return sandbox.holder === "thisWindow" && isLong && leftMs !== undefined && leftMs < NEAR_END_MS;
}

async function offer(sandbox: RunningSandbox, now: number): Promise<void> {
  const { label } = describeSandbox(sandbox, now);
  const left = formatUptime(Math.max(0, timeLeftMs(sandbox, now) ?? 0));
  const chosen = await window.showWarningMessage(
    `The ${label} sandbox ends in ${left}: its lifetime is over then. Go on in another one with the same files?`,
    CONTINUE,
    "Let It End",
  );
  if (chosen === CONTINUE)
    await commands.executeCommand("modalSandboxes.continueSandbox", { kind: "sandbox", key: sandbox.key });
}

const CONTINUE = "Continue in Another";
