import { commands, window } from "vscode";
import { DisposableStore, toDisposable, type Disposable } from "../../base/disposable";
import { formatHourlyRate, plural } from "../../base/format";
import type { RateSource } from "../../modal/rates";
import { hourlyRate } from "../../sandboxes/costs/cost";
import { isOrphan, type Sandbox } from "../../sandboxes/sandbox";
import { showWarning } from "../outsideText";
import type { SandboxSource } from "../views/treeSources";

/** VS Code opens its windows one after another, so another window may be about to take the sandboxes over. */
const GRACE_MS = 10_000;

/** Reports once, in the focused window, that a closed window left sandboxes running. */
export function watchOrphans(sandboxes: SandboxSource, rates: RateSource): Disposable {
  const own = new DisposableStore();
  const reported = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const report = () => {
    timer = undefined;
    const orphans = sandboxes.all.filter((sandbox) => isOrphan(sandbox) && !reported.has(sandbox.key));
    if (orphans.length === 0 || !window.state.focused) return;
    for (const { key } of orphans) reported.add(key);
    void offer(orphans, rates);
  };
  const reportSoon = () => {
    const isNews = sandboxes.all.some((sandbox) => isOrphan(sandbox) && !reported.has(sandbox.key));
    if (isNews && window.state.focused) timer ??= setTimeout(report, GRACE_MS);
  };
  own.add(sandboxes.onDidChangeSandboxes(reportSoon));
  own.add(window.onDidChangeWindowState(reportSoon));
  own.add(toDisposable(() => clearTimeout(timer)));
  return own;
}

async function offer(orphans: readonly Sandbox[], rates: RateSource): Promise<void> {
  const rate = formatHourlyRate(orphans.reduce((sum, sandbox) => sum + hourlyRate(sandbox, rates.current), 0));
  const is = orphans.length === 1 ? "is" : "are";
  const chosen = await showWarning(
    `${plural(orphans.length, "sandbox", "sandboxes")} from a closed window ${is} still running (${rate}).`,
    ...Object.keys(actions),
  );
  const command = chosen === undefined ? undefined : actions[chosen];
  const nodes = orphans.map(({ key }) => ({ kind: "sandbox", key }));
  if (command !== undefined) await commands.executeCommand(command, nodes[0], nodes);
}

const actions: Readonly<Record<string, string | undefined>> = {
  Adopt: "modalSandboxes.adoptSandbox",
  Terminate: "modalSandboxes.terminateSandbox",
  Later: undefined,
};
