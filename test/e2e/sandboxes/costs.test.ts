import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe } from "mocha";

import { useSharedBackend } from "../support/localBackend";
import { pollUntil } from "../workbench/locators";
import { useStory } from "../support/story";
import { useVsCode } from "../support/vsCodeSuite";
import type { Workbench } from "../workbench/workbench";

describe("the cost of sandboxes", () => {
  const modal = useSharedBackend();
  const vscode = useVsCode(() => ({
    env: modal.signedIn,
    settings: {
      "modalSandboxes.ports": [],
      "modalSandboxes.spending.softLimit.sandboxes": 1,
      "modalSandboxes.spending.hardLimit.dollarsPerHour": 10,
    },
  }));
  const step = useStory();
  let workbench: Workbench;
  before(async () => {
    await writeFile(join(vscode.folder, "hello.sh"), "echo hello\n");
    workbench = await vscode.open();
    await workbench.sandboxes.open();
  });

  const status = () => workbench.statusBarItem(/\$\d+\.\d\d\/h/);

  const create = async (gpu: string) => {
    const { quickInput } = workbench;
    await workbench.runCommand("Modal: Create Sandbox…");
    await quickInput.waitForTitle("Create Sandbox (1/3)");
    await quickInput.pick(gpu);
    await quickInput.row(`8 × ${gpu}`).waitFor();
    await quickInput.pick(gpu);
    await quickInput.waitForTitle("Create Sandbox (2/3)");
    await quickInput.pick("python:3.12-slim");
    await quickInput.waitForTitle("Create Sandbox (3/3)");
    await quickInput.pick("Create");
  };

  step("is missing from the status bar while nothing runs", async () => {
    await workbench.sandboxes.welcomeButton("Run Current File on GPU…").waitFor();
    assert.equal(await status().count(), 0);
  });

  step("is in the status bar from the first sandbox on, with each sandbox in the tooltip", async () => {
    await create("H100");
    await status().waitFor();
    const text = await pollUntil("something was spent", async () => {
      const shown = await status().innerText();
      return shown.includes("under") ? undefined : shown;
    });
    assert.match(text, /1 · \$4\.33\/h · ~?\$0\.\d\d today/);
    const tooltip = await workbench.hover(status());
    await workbench.screenshot("costs-tooltip");
    for (const part of ["local", "H100", "$4.33/h", "spent today", "By your workspace's rates."])
      assert.ok(tooltip.includes(part), `${part} is in the tooltip:\n${tooltip}`);
  });

  step("leads to a question if another sandbox exceeds the soft limit", async () => {
    await create("T4");
    const question = "Another sandbox would exceed your limit of 1 sandbox.";
    await pollUntil("the question is asked", () => workbench.dialog.isOpen());
    assert.ok((await workbench.dialog.text()).includes(question));
    await workbench.screenshot("costs-soft-limit");
    assert.equal(await workbench.dialog.defaultButton(), "Don't Create");
    await workbench.dialog.press("Create for $0.97/h");
    await workbench.statusBarItem(/2 · \$5\.30\/h/).waitFor();
  });

  step("cannot exceed the hard limit: the sandbox is refused, with ways out", async () => {
    const { notifications, sandboxes } = workbench;
    await create("H200");
    const refusal = /^This H200 sandbox would bring your total to \$10\.\d\d\/h\. Your limit is \$10\.00\/h\./;
    assert.deepEqual(await notifications.buttons(refusal), ["Open Settings", "Terminate…"]);
    await workbench.screenshot("costs-hard-limit");
    await pollUntil("nothing of it is left", async () =>
      (await sandboxes.rows()).every(({ label }) => label !== "H200"),
    );
    await notifications.dismiss(refusal);
  });

  step("is broken down by a click, with suggestions", async () => {
    const { quickInput } = workbench;
    await workbench.statusBarItem(/2 · \$5\.30\/h/).click();
    await quickInput.waitForTitle("Costs · local/main");
    await workbench.screenshot("costs-breakdown");
    const items = await quickInput.items();
    const [t4, h100, today, week, terminate, limits] = items;
    assert.match(t4?.label ?? "", /^T4 · vscode-/);
    assert.match(t4?.detail ?? "", /^idle under 1m of 10m · ends in (1h|59m)$/);
    assert.match(h100?.description ?? "", /^\$4\.33\/h · ~?\$\d\.\d\d so far$/);
    assert.match(today?.description ?? "", /^~?\$\d\.\d\d$/);
    assert.match(week?.detail ?? "", /^today ~?\$\d\.\d\d$/);
    assert.deepEqual([terminate?.label, limits?.label], ["Terminate…", "Set Spending Limits…"]);
    await quickInput.pick("Set Spending Limits…");
    await pollUntil("the settings show the limits", async () =>
      (await workbench.page.locator(".settings-editor").innerText()).includes("Dollars Per Hour"),
    );
    await workbench.screenshot("costs-settings");
  });

  step("is readable in the light theme", async () => {
    const { notifications, quickInput } = workbench;
    await workbench.closeModalEditor();
    await workbench.useLightTheme();
    await workbench.statusBarItem(/2 · \$5\.30\/h/).click();
    await quickInput.waitForTitle("Costs · local/main");
    await workbench.screenshot("costs-breakdown-light");
    await quickInput.dismiss();
    await create("H200");
    await notifications.waitFor(/^This H200 sandbox would bring your total/);
    await pollUntil("nothing of it is left", async () =>
      (await workbench.sandboxes.rows()).every(({ label }) => label !== "H200"),
    );
    await workbench.screenshot("costs-hard-limit-light");
  });
});
