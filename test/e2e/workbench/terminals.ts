import type { Locator, Page } from "playwright-core";

import { exactly, pollUntil } from "./locators";
import { chooseFromMenu } from "./menu";

/** The terminals of the panel, by their names; each is shown before it is read or written. */
export class Terminals {
  readonly #page: Page;
  readonly #tabs: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#tabs = page.locator(".terminal-tabs-entry.has-text");
  }

  async names(): Promise<string[]> {
    return (await this.#tabs.locator(".label-name").allInnerTexts()).map((name) => name.trim());
  }

  async select(name: string | RegExp): Promise<void> {
    const tab = this.#tab(name);
    await pollUntil(`the terminal ${String(name)} is in front`, async () => {
      // Another that opens at the same time takes the front again.
      await tab.click({ timeout: 2_000 });
      await tab.and(this.#page.locator(".is-active")).waitFor({ timeout: 1_000 });
      await this.#page.locator(".terminal-wrapper.active .xterm").waitFor({ timeout: 1_000 });
      return true;
    });
  }

  /** All that a terminal shows and has scrolled away, wrapped lines joined. */
  async text(name: string | RegExp): Promise<string> {
    await this.select(name);
    const lines = await this.#page.evaluate<string[]>(readActiveTerminal);
    return lines.join("\n").trimEnd();
  }

  /** @returns The whole text as soon as it contains or matches what is waited for. */
  async waitForText(name: string | RegExp, expected: string | RegExp, timeoutMs?: number): Promise<string> {
    const matches = (text: string) => (typeof expected === "string" ? text.includes(expected) : expected.test(text));
    let last = "";
    try {
      return await pollUntil(
        `the terminal ${String(name)} shows ${String(expected)}`,
        async () => {
          last = await this.text(name);
          return matches(last) ? last : undefined;
        },
        timeoutMs,
      );
    } catch (cause) {
      const tail = last.split("\n").slice(-40).join("\n");
      throw new Error(`The terminal ${String(name)} never showed ${String(expected)}. It ends with:\n${tail}`, {
        cause,
      });
    }
  }

  async columns(name: string | RegExp): Promise<number> {
    await this.select(name);
    return this.#page.evaluate<number>('document.querySelector(".terminal-wrapper.active").xterm.cols');
  }

  /** The pieces in sight that a program gave one of the eight colours; the terminal in front. */
  coloured(color: "red" | "green" | "cyan"): Locator {
    const ansi = { red: 1, green: 2, cyan: 6 };
    return this.#page.locator(`.terminal-wrapper.active .xterm-rows .xterm-fg-${ansi[color]}`);
  }

  /** Makes room for whole names, by dragging the edge of the list. */
  async widenTabs(pixels: number): Promise<void> {
    const list = await this.#page.locator(".terminal-tabs-entry").first().boundingBox();
    if (!list) throw new Error("No terminal is listed.");
    const { mouse } = this.#page;
    await mouse.move(list.x - 6, list.y + 60);
    await mouse.down();
    await mouse.move(list.x - 6 - pixels, list.y + 60, { steps: 5 });
    await mouse.up();
  }

  /** Puts terminals side by side, as soon as they are there. */
  async join(names: readonly string[]): Promise<void> {
    for (const name of names) await this.#tab(name).waitFor({ timeout: 30_000 });
    const [first, ...others] = names.map((name) => this.#tab(name));
    if (!first) return;

    await first.click();
    for (const other of others) await other.click({ modifiers: ["ControlOrMeta"] });
    await chooseFromMenu(this.#page, first, "Join Terminals");
  }

  /** Waits until the label with a new size, which appears for a moment, is gone. */
  async waitForNoSizeLabel(): Promise<void> {
    await this.#page.locator(".terminal-resize-overlay.visible").first().waitFor({ state: "detached" });
  }

  async type(name: string | RegExp, text: string): Promise<void> {
    await this.#focus(name);
    await this.#page.keyboard.type(text);
  }

  /** Presses a key such as "Enter" or "Control+c". */
  async press(name: string | RegExp, key: string): Promise<void> {
    await this.#focus(name);
    await this.#page.keyboard.press(key);
  }

  async close(name: string | RegExp): Promise<void> {
    const tab = this.#tab(name);
    await tab.hover();
    await tab.locator('.action-label[aria-label^="Kill"]').click();
    await tab.waitFor({ state: "detached" });
  }

  #tab(name: string | RegExp): Locator {
    const label = this.#page.locator(".label-name", { hasText: exactly(name) });
    return this.#tabs.filter({ has: label }).first();
  }

  async #focus(name: string | RegExp): Promise<void> {
    await this.select(name);
    await this.#page.locator(".terminal-wrapper.active textarea.xterm-helper-textarea").focus();
  }
}

// In the page. VS Code leaves the terminal's object on its element; its buffer is exact and includes the scrollback.
const readActiveTerminal = `(() => {
  const terminal = document.querySelector(".terminal-wrapper.active")?.xterm;
  if (!terminal) return [];
  const buffer = terminal.buffer.active;
  const lines = [];
  for (let row = 0; row < buffer.length; row++) {
    const line = buffer.getLine(row);
    const isContinued = buffer.getLine(row + 1)?.isWrapped ?? false;
    const text = line.translateToString(!isContinued);
    if (line.isWrapped && lines.length > 0) lines[lines.length - 1] += text;
    else lines.push(text);
  }
  return lines;
})()`;
