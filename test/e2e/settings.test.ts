import assert from "node:assert/strict";
import { before, describe } from "mocha";

import { pollUntil } from "./workbench/locators";
import { useStory } from "./support/story";
import { useVsCode } from "./support/vsCodeSuite";
import type { Workbench } from "./workbench/workbench";

describe("the settings of the extension", () => {
  const vscode = useVsCode({ settings: { "modalSandboxes.backend": "local" } });
  const step = useStory();
  let workbench: Workbench;
  before(async () => {
    workbench = await vscode.open();
  });

  step("open in five groups, in the order of a first use", async () => {
    await workbench.runCommand("Modal: Open Settings");
    const known = ["Account", "Sandboxes", "Runs", "Sync", "Spending"];
    const labels = workbench.page.locator(".settings-editor .settings-toc-container .settings-toc-entry");
    const groups = await pollUntil("the groups are listed", async () => {
      const listed = (await labels.allInnerTexts()).map((text) => text.trim());
      return known.every((group) => listed.includes(group)) && listed.filter((label) => known.includes(label));
    });
    assert.deepEqual(groups, known);
    await workbench.screenshot("settings-groups");
  });

  step("are readable in the light theme", async () => {
    await workbench.closeModalEditor();
    await workbench.useLightTheme();
    await workbench.runCommand("Modal: Open Settings");
    await workbench.page.locator(".settings-editor .setting-item").first().waitFor();
    await workbench.screenshot("settings-groups-light");
  });
});
