import assert from "node:assert/strict";
import { before, describe, it } from "mocha";

import { pollUntil } from "./workbench/locators";
import { useVsCode } from "./support/vsCodeSuite";
import type { Workbench } from "./workbench/workbench";

describe("the settings of the extension", () => {
  const vscode = useVsCode({ settings: { "modalSandboxes.backend": "local" } });
  let workbench: Workbench;
  before(async () => {
    workbench = await vscode.open();
  });

  it("open in five groups, in the order of a first use", async () => {
    await workbench.runCommand("Modal: Open Settings");
    const groups = workbench.page.locator(".settings-editor .settings-group-title-label");
    const read = async () => (await groups.allInnerTexts()).map((title) => title.trim());
    await pollUntil("the groups are shown", async () => (await read()).includes("Account"));
    await workbench.screenshot("settings");
    const toc = workbench.page.locator(".settings-editor .settings-toc-container .settings-toc-entry");
    const entries = (await toc.allInnerTexts()).map((entry) => entry.trim());
    const known = ["Account", "Sandboxes", "Runs", "Sync", "Spending"];
    assert.deepEqual(
      entries.filter((entry) => known.some((group) => entry.startsWith(group))).map((entry) => entry.split(" ")[0]),
      known,
      entries.join(", "),
    );
  });

  it("are as readable in the light theme", async () => {
    await workbench.closeModalEditor();
    await workbench.useLightTheme();
    await workbench.runCommand("Modal: Open Settings");
    await workbench.page.locator(".settings-editor .setting-item").first().waitFor();
    await workbench.screenshot("settings-light");
  });
});
