import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "mocha";
import type { Sandbox } from "modal";

import { useSharedBackend } from "../support/localBackend";
import { pollUntil } from "../workbench/locators";
import { useVsCode } from "../support/vsCodeSuite";
import type { Workbench } from "../workbench/workbench";

describe("the end of a sandbox's lifetime", () => {
  const modal = useSharedBackend();
  const vscode = useVsCode(() => ({
    env: modal.signedIn,
    settings: {
      "modalSandboxes.gpus": ["T4"],
      "modalSandboxes.ports": [],
      "modalSandboxes.onWindowClose": "keep",
      // The shortest there is, with its notice halfway.
      "modalSandboxes.timeoutMinutes": 1,
      "modalSandboxes.lifetimeNoticeMinutes": 0.5,
    },
  }));
  let workbench: Workbench;
  before(async () => {
    await writeFile(join(vscode.folder, "hello.sh"), "echo hello >/root/kept\n");
    workbench = await vscode.open();
    await workbench.sandboxes.open();
  });

  const onServer = async (): Promise<Sandbox[]> => {
    const found: Sandbox[] = [];
    for await (const sandbox of modal.client.sandboxes.list()) found.push(sandbox);
    return found;
  };

  it("is announced in time, with a button to continue in another sandbox with the same files", async () => {
    const { notifications, sandboxes } = workbench;
    await workbench.runFile("hello.sh");
    await workbench.terminals.waitForText("hello.sh · T4", /exit code 0/);
    const [first] = await onServer();
    const question =
      /^The T4 sandbox ends in under 1m, when its lifetime is over\. Continue in another one with the same/;
    await notifications.waitFor(question, 50_000);
    assert.deepEqual(await notifications.buttons(question), ["Continue in Another", "Let It End"]);
    await workbench.movePointerAway();
    await workbench.screenshot("ending-question");
    await notifications.press(question, "Continue in Another");
    const next = await pollUntil("another one has taken its place", async () => {
      const [only, ...others] = await onServer();
      return others.length === 0 && only?.sandboxId !== first?.sandboxId ? only : undefined;
    });
    const kept = await (await next.exec(["cat", "/root/kept"])).stdout.readText();
    assert.equal(kept, "hello\n");
    await notifications.waitForNone();
    await sandboxes.row("T4").waitFor();
    await workbench.movePointerAway();
    await workbench.screenshot("ending-continued");
  });
});
