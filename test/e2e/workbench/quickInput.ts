import type { Locator, Page } from "playwright-core";

import { exactly, pollUntil } from "./locators";

export interface QuickInputItem {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
}

/** The palette, quick picks and input boxes: all are the one widget at the top of the window. */
export class QuickInput {
  readonly #page: Page;
  readonly #widget: Locator;
  readonly #input: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#widget = page.locator(".quick-input-widget:visible");
    this.#input = this.#widget.locator("input.input");
  }

  /** Runs a command by its whole title, such as "Modal: Sign In…", as the palette shows it. */
  async runCommand(title: string): Promise<void> {
    await this.#find("F1", `>${title}`, title);
    await this.#page.keyboard.press("Enter");
  }

  async openPalette(): Promise<void> {
    await this.#page.keyboard.press("F1");
    await this.#widget.locator(".monaco-list-row").first().waitFor();
  }

  /** True if the palette offers the command to a person who types its title. */
  async offersCommand(title: string): Promise<boolean> {
    await this.openPalette();
    await this.#input.fill(`>${title}`);
    const rows = this.#widget.locator(".monaco-list-row");
    await rows.first().waitFor();
    const isOffered = (await this.row(title).count()) > 0;
    await this.dismiss();
    return isOffered;
  }

  async openFile(path: string): Promise<void> {
    await this.#find("ControlOrMeta+p", path, path.split("/").at(-1) ?? path);
    await this.#page.keyboard.press("Enter");
  }

  /** Waits for a pick or an input box with this title. */
  async waitForTitle(title: string | RegExp): Promise<void> {
    await this.#widget.locator(".quick-input-title", { hasText: title }).waitFor();
  }

  async title(): Promise<string> {
    return this.#widget.locator(".quick-input-title").innerText();
  }

  async items(): Promise<QuickInputItem[]> {
    await this.#widget.locator(".monaco-list-row").first().waitFor();
    const rows = await this.#widget.locator(".monaco-list-row").all();
    return Promise.all(
      rows.map(async (row) => ({
        label: await textOf(row.locator(".quick-input-list-row:first-child .label-name")),
        description: await textOf(row.locator(".quick-input-list-row:first-child .label-description")),
        detail: await textOf(row.locator(".quick-input-list-label-meta")),
      })),
    );
  }

  row(label: string | RegExp): Locator {
    const name = this.#page.locator(".label-name", { hasText: exactly(label) });
    return this.#widget.locator(".monaco-list-row").filter({ has: name }).first();
  }

  async pick(label: string | RegExp): Promise<void> {
    await this.row(label).click();
  }

  /** Presses Enter once this is the active row. */
  async enter(label: string | RegExp): Promise<void> {
    await this.row(label).and(this.#page.locator(".focused")).waitFor();
    await this.#page.keyboard.press("Enter");
  }

  /** Waits until Enter has a row to mean. */
  async waitForActive(): Promise<void> {
    await this.#widget.locator(".monaco-list-row.focused").waitFor();
  }

  /** Leaves exactly these items of a multi-select ticked. */
  async tickOnly(labels: readonly string[]): Promise<void> {
    await this.#widget.locator(".monaco-list-row").first().waitFor();
    for (const label of await this.tickedLabels()) if (!labels.includes(label)) await this.toggle(label);
    const ticked = await this.tickedLabels();
    for (const label of labels) if (!ticked.includes(label)) await this.toggle(label);
  }

  /** Clicks the box of an item. */
  async toggle(label: string): Promise<void> {
    await this.row(label).locator(".monaco-checkbox").click();
  }

  /** Waits until Enter no longer clicks the box that was clicked. */
  async waitToLeaveBox(): Promise<void> {
    await this.#widget.locator(".monaco-checkbox:focus").waitFor({ state: "detached" });
  }

  async tickedLabels(): Promise<string[]> {
    const rows = this.#widget.locator('.monaco-list-row[aria-checked="true"]');
    const labels = await rows.locator(".quick-input-list-row:first-child .label-name").allInnerTexts();
    return labels.map((label) => label.trim());
  }

  async accept(): Promise<void> {
    const button = this.#widget.locator(".quick-input-action a", { hasText: "OK" });
    if (await button.isVisible()) await button.click();
    else await this.#page.keyboard.press("Enter");
  }

  /** Fills an input box, or filters a pick. */
  async fill(text: string): Promise<void> {
    await this.#input.fill(text);
  }

  /** Waits for what an input box asks for, or what it has against the text. */
  async waitForMessage(text: string | RegExp): Promise<void> {
    await this.#widget.locator(".quick-input-message", { hasText: text }).waitFor();
  }

  async pressButton(label: string): Promise<void> {
    await this.#widget.locator(`.action-label[aria-label^="${label}"]`).click();
  }

  async dismiss(): Promise<void> {
    if (!(await this.#widget.isVisible())) return;
    await this.#page.keyboard.press("Escape");
    await this.#widget.waitFor({ state: "detached", timeout: 2_000 });
  }

  /** Opens the palette or quick open, and has the cursor on a row. */
  async #find(key: string, text: string, label: string): Promise<void> {
    await pollUntil(`"${label}" is listed`, async () => {
      // A key can be swallowed while the window loads, and commands are listed only once extensions have been read.
      await this.dismiss();
      await this.#page.keyboard.press(key);
      await this.#input.waitFor({ timeout: 2_000 });
      await this.#input.fill(text);
      await this.row(label).waitFor({ timeout: 1_500 });
      return true;
    });
    const focused = this.row(label).and(this.#page.locator(".focused"));
    await pollUntil(`the cursor is on "${label}"`, async () => {
      if ((await focused.count()) > 0) return true;
      await this.#page.keyboard.press("ArrowDown");
      return false;
    });
  }
}

async function textOf(locator: Locator): Promise<string> {
  const texts = await locator.allInnerTexts();
  return texts.join(" ").trim();
}
