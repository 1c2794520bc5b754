import type { Locator, Page } from "playwright-core";

import { exactly, pollUntil } from "./locators";

/** The submenu of the editor's and of the Explorer's context menus. */
export const RUN_ON_MODAL = "Run on Modal";

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

/** Opens the context menu of something, then one of its submenus, and chooses from that. */
export async function chooseFromSubmenu(page: Page, target: Locator, submenu: string, action: string): Promise<void> {
  const item = await openSubmenu(page, target, submenu, action);
  await pollUntil(`the submenu offers "${action}"`, async () => {
    await item.click({ timeout: 2_000 });
    await item.waitFor({ state: "detached", timeout: 500 });
    return true;
  });
}

/** Opens the context menu of something and one of its submenus, leaves both open, and reads the submenu. */
export async function readSubmenu(page: Page, target: Locator, submenu: string, action: string): Promise<string[]> {
  await openSubmenu(page, target, submenu, action);
  const labels = await page.locator(".monaco-submenu .action-label:not(.separator)").allInnerTexts();
  return labels.map((label) => label.trim());
}

/** @returns One of the items of the submenu, as soon as it is in sight. */
async function openSubmenu(page: Page, target: Locator, submenu: string, action: string): Promise<Locator> {
  const labelled = (label: string) => page.locator(".monaco-menu .action-label", { hasText: exactly(label) });
  const item = labelled(action);
  await target.waitFor();
  await pollUntil(`the context menu offers "${submenu}" with "${action}"`, async () => {
    if ((await labelled(submenu).count()) === 0) await target.click({ button: "right", timeout: 2_000 });
    await labelled(submenu).hover({ timeout: 2_000 });
    await item.waitFor({ timeout: 1_500 });
    return true;
  });
  return item;
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
