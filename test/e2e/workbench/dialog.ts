import type { Locator, Page } from "playwright-core";

import { exactly } from "./locators";

/** The modal dialog, of which a window shows one at a time. */
export class Dialog {
  readonly #box: Locator;

  constructor(page: Page) {
    this.#box = page.locator(".monaco-dialog-box");
  }

  async isOpen(): Promise<boolean> {
    return this.#box.isVisible();
  }

  /** The message and its detail. */
  async text(): Promise<string> {
    return this.#box.locator(".dialog-message-container").innerText();
  }

  async buttons(): Promise<string[]> {
    return this.#box.locator(".dialog-buttons a.monaco-button").allInnerTexts();
  }

  /** The button that Enter presses. */
  async defaultButton(): Promise<string> {
    return this.#box.locator(".dialog-buttons a.monaco-button:focus").innerText();
  }

  async press(button: string): Promise<void> {
    await this.#box.locator(".dialog-buttons a.monaco-button", { hasText: exactly(button) }).click();
    await this.#box.waitFor({ state: "detached" });
  }
}
