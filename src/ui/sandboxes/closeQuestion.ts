import { ConfigurationTarget, workspace } from "vscode";
import type { Session } from "../../auth/session";
import { DisposableStore, type Disposable } from "../../base/disposable";
import type { OnWindowClose } from "../../sandboxes/ownership/closing";
import { isRunning } from "../../sandboxes/sandbox";
import { showInformation } from "../outsideText";
import { onWindowClose } from "../settings";
import type { SandboxSource } from "../views/treeSources";

/**
 * Asks once what should happen to sandboxes when the window closes, because an extension cannot ask while it closes.
 * Until the user answers, sandboxes keep running, and the next window reports them.
 */
export function askAboutClosing(sandboxes: SandboxSource, session: { readonly current: Session }): Disposable {
  const own = new DisposableStore();
  const listening = own.add(
    sandboxes.onDidChangeSandboxes(({ changed }) => {
      const isNew = changed.some((sandbox) => isRunning(sandbox) && sandbox.holder === "thisWindow");
      if (!isNew || session.current.kind !== "signedIn" || onWindowClose() !== "ask") return;
      listening.dispose();
      void ask();
    }),
  );
  return own;
}

async function ask(): Promise<void> {
  const chosen = await showInformation(
    "What should happen to this window's sandboxes when it closes? Until you choose, they keep running and cost money.",
    ...Object.keys(answers),
  );
  const answer = chosen === undefined ? undefined : answers[chosen];
  if (answer !== undefined)
    await workspace.getConfiguration("modalSandboxes").update("onWindowClose", answer, ConfigurationTarget.Global);
}

const answers: Readonly<Record<string, OnWindowClose | undefined>> = {
  "Keep Running": "keep",
  Pause: "pause",
  Terminate: "terminate",
};
