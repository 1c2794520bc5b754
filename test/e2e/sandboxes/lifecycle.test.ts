import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe } from "mocha";

import { useSharedBackend } from "../support/localBackend";
import { pollUntil } from "../workbench/locators";
import { TreeView } from "../workbench/treeView";
import { useStory } from "../support/story";
import { useVsCode } from "../support/vsCodeSuite";
import type { Workbench } from "../workbench/workbench";

const theme = (process.env.TEST_THEME ?? "dark").includes("Light") ? "light" : "dark";

describe("the life of a sandbox", () => {
  const modal = useSharedBackend({ MODAL_LOCAL_NO_CAPACITY: "B300" });
  const vscode = useVsCode(() => ({
    env: modal.signedIn,
    settings: { "modalSandboxes.gpus": ["T4"], "modalSandboxes.capacityWaitMinutes": 0.1 },
  }));
  const step = useStory();
  let workbench: Workbench;
  let snapshots: TreeView;
  before(async () => {
    for (const name of ["hello.sh", "again.sh"])
      await writeFile(join(vscode.folder, name), "echo hello | tee result.txt\n");
    workbench = await vscode.open();
    snapshots = new TreeView(workbench.page, "Modal", "Snapshots");
    await workbench.sandboxes.open();
    await workbench.sandboxes.welcomeButton("Run Current File on GPU…").waitFor();
  });

  const onServer = async (): Promise<string[]> => {
    const ids: string[] = [];
    for await (const sandbox of modal.client.sandboxes.list()) ids.push(sandbox.sandboxId);
    return ids;
  };
  const shoot = async (name: string) => {
    await workbench.movePointerAway();
    await workbench.screenshot(`life-${name}-${theme}`);
  };
  const descriptionOf = async (label: string) =>
    (await workbench.sandboxes.rows()).find((row) => row.label === label)?.description ?? "";

  step("includes one question about what should happen to it when the window closes", async () => {
    await workbench.runFile("hello.sh");
    await workbench.terminals.waitForText("hello.sh · T4", /exit code 0/);
    const buttons = await workbench.notifications.buttons(/What should happen to this window's sandboxes/);
    assert.deepEqual(buttons, ["Keep Running", "Pause", "Terminate"]);
    await shoot("close-question");
    await workbench.notifications.press(/What should happen to this window's sandboxes/, "Keep Running");
  });

  step("includes an offer to pull missing files before it is terminated", async () => {
    const { dialog, sandboxes } = workbench;
    for await (const sandbox of modal.client.sandboxes.list())
      await (await sandbox.exec(["sh", "-c", "echo more >/workspace/later.txt"])).wait();
    await sandboxes.inlineAction(sandboxes.row("T4"), "Terminate Sandbox");
    await pollUntil("VS Code asks", () => dialog.isOpen());
    assert.match(
      await dialog.text(),
      /^Terminate the T4 sandbox\?\s+1 file \(5 B\) in the sandbox has not been pulled\./,
    );
    assert.deepEqual((await dialog.buttons()).sort(), ["Cancel", "Pull and Terminate", "Terminate"]);
    await shoot("terminate-unsynced");
    await dialog.press("Pull and Terminate");
    await pollUntil("it is terminated", async () => (await onServer()).length === 0);
    assert.equal(await readFile(join(vscode.folder, "later.txt"), "utf8"), "more\n");
  });

  step("can be paused: its files are kept, and it costs nothing", async () => {
    await workbench.runFile("again.sh");
    await workbench.terminals.waitForText("again.sh · T4", /exit code 0/);
    await workbench.sandboxes.inlineAction(workbench.sandboxes.row("T4"), "Open Shell in Sandbox");
    await workbench.terminals.waitForText("Shell · T4", /[$#]$/);
    await workbench.sandboxes.contextAction(workbench.sandboxes.row("T4"), "Pause Sandbox");
    await pollUntil("VS Code asks", () => workbench.dialog.isOpen());
    assert.match(await workbench.dialog.text(), /^Pause the T4 sandbox\?\s+Its programs and shells are stopped/);
    await workbench.dialog.press("Pause");
    await pollUntil("it is paused", async () => (await descriptionOf("T4")).startsWith("paused"));
    assert.deepEqual(await onServer(), []);
    await snapshots.open();
    await workbench.runCommand("Modal: Focus on Snapshots View");
    await snapshots.row("Paused T4").waitFor();
    await shoot("paused");
  });

  step("can be resumed on another GPU with its files", async () => {
    await workbench.sandboxes.contextAction(workbench.sandboxes.row("T4"), "Resume on Another GPU…");
    await workbench.quickInput.pick("L4");
    await workbench.quickInput.row("8 × L4").waitFor();
    await workbench.quickInput.pick("L4");
    await pollUntil("it runs", async () => (await descriptionOf("L4")).startsWith("running"));
    assert.equal((await onServer()).length, 1);
    await snapshots.row("Resumed from T4").waitFor();
    await shoot("resumed");
  });

  step("can continue on another GPU, offered with prices, if its own is unavailable", async () => {
    const { quickInput, notifications, sandboxes, dialog } = workbench;
    await workbench.runCommand("Modal: Create Sandbox from Snapshot…");
    await quickInput.pick("Resumed from T4");
    await quickInput.pick("B300");
    await quickInput.row("8 × B300").waitFor();
    await quickInput.pick("B300");
    await notifications.waitFor(/Creating a B300 sandbox/);
    await pollUntil("how long it waits is shown", async () =>
      /^waiting for a machine · \d+s/.test(
        (await sandboxes.rows()).find(({ label }) => label === "B300")?.description ?? "",
      ),
    );
    await shoot("waiting");
    const refusal = "Modal has no B300 free right now. Try again, or pick another GPU.";
    assert.deepEqual(await notifications.buttons(refusal), ["Pick Another GPU…"]);
    await shoot("no-capacity");
    await pollUntil("it is gone", async () => (await onServer()).length === 1);
    await notifications.press(refusal, "Pick Another GPU…");
    await quickInput.waitForTitle("Instead of B300");
    await quickInput.row("A10").waitFor();
    await shoot("other-gpus");
    await quickInput.pick("A10");
    await quickInput.row("4 × A10").waitFor();
    await quickInput.pick("A10");
    await pollUntil("it runs", async () => (await descriptionOf("A10")).startsWith("running"));
    await sandboxes.inlineAction(sandboxes.row("A10"), "Terminate Sandbox");
    await pollUntil("VS Code asks about what was made in the first", () => dialog.isOpen());
    assert.match(await dialog.text(), /1 file \(6 B\) in the sandbox has not been pulled/);
    await dialog.press("Terminate");
    await pollUntil("only the first is left", async () => (await onServer()).length === 1);
  });

  step("outlasts its window: it is an orphan, and another window adopts it", async () => {
    await workbench.close();
    const other = join(vscode.server.home, "other");
    await mkdir(other, { recursive: true });
    workbench = await vscode.open(other);
    await workbench.sandboxes.open();
    const orphans = new TreeView(workbench.page, "Modal", "Orphans");
    await orphans.row("L4").waitFor({ timeout: 30_000 });
    await workbench.sandboxes.welcomeButton("Terminate Orphans…").waitFor();
    assert.match(await workbench.sandboxes.welcome(), /^A closed window left sandboxes running\. They cost money/);
    const toast = /1 sandbox from a closed window is still running \(\$\d\.\d\d\/h\)/;
    assert.deepEqual(await workbench.notifications.buttons(toast), ["Adopt", "Terminate", "Later"]);
    await shoot("orphan");
    await workbench.notifications.press(toast, "Adopt");
    await workbench.sandboxes.row("L4").waitFor();
    assert.equal((await onServer()).length, 1);
    await shoot("adopted");
  });
});
