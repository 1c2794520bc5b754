import { before, describe, it } from "mocha";

import { createSandbox } from "../support/createSandbox";
import { useSharedBackend } from "../support/localBackend";
import { useVsCode } from "../support/vsCodeSuite";
import type { Workbench } from "../workbench/workbench";

const SHELL = "Shell · T4";

describe("a shell in a window that reloads", () => {
  const modal = useSharedBackend();
  const vscode = useVsCode(() => ({
    env: modal.signedIn,
    settings: { "modalSandboxes.onWindowClose": "keep" },
  }));
  let workbench: Workbench;
  before(async () => {
    workbench = await vscode.open();
    await createSandbox(workbench);
  });

  it("comes back with its text and answers", async () => {
    const { sandboxes, terminals } = workbench;
    await sandboxes.inlineAction(sandboxes.row("T4"), "Open Shell in Sandbox");
    await terminals.waitForText(SHELL, /[#$] ?$/);
    await terminals.type(SHELL, "name=kept; echo sta''rted\n");
    await terminals.waitForText(SHELL, /^started$/m);
    await workbench.reload();
    await terminals.waitForText(SHELL, /^started\n.*[#$] ?$/m, 30_000);
    await terminals.type(SHELL, "echo is $name\n");
    await terminals.waitForText(SHELL, /^is kept$/m);
    await workbench.screenshot("shell-reattached");
  });
});
