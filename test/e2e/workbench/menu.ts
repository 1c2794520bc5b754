import type { Locator, Page } from "playwright-core";

import { exactly, pollUntil } from "./locators";

/** Opens the context menu of something and chooses from it. */
export async function chooseFromMenu(page: Page, target: Locator, action: string): Promise<void> {
  const items = page.locator(".monaco-menu .action-item");
  const label = page.locator(".action-label", { hasText: exactly(action) });
  await target.waitFor();
  await pollUntil(`the context menu offers "${action}"`, async () => {
    if ((await items.count()) === 0) await target.click({ button: "right", timeout: 2_000 });
    await items.filter({ has: label }).first().click({ timeout: 2_000 });
    // A menu ignores the mouse in its first moments and then stays open.
    await items.first().waitFor({ state: "detached", timeout: 500 });
    return true;
  });
}

/** Opens the context menu of something, leaves it open, and reads it. */
export async function readMenu(page: Page, target: Locator): Promise<string[]> {
  const labels = page.locator(".monaco-menu .action-item .action-label:not(.separator)");
  await pollUntil("the context menu opens", async () => {
    if ((await labels.count()) === 0) await target.click({ button: "right", timeout: 2_000 });
    return (await labels.count()) > 0;
  });
  return (await labels.allInnerTexts()).map((label) => label.trim());
}
