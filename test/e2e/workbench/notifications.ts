import type { Locator, Page } from "playwright-core";

/** The toasts in the corner: none in a server with the driver, and of more than three in 800 ms only the first three. */
export class Notifications {
  readonly #page: Page;
  readonly #toasts: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#toasts = page.locator(".notifications-toasts .notification-list-item");
  }

  /** For what needs nobody's attention: progress that ended takes its toast along, an error would stay. */
  async waitForNone(): Promise<void> {
    await this.#toasts.first().waitFor({ state: "detached", timeout: 5000 });
  }

  /** @returns The toast, once there is one with this text. */
  async waitFor(text: string | RegExp, timeoutMs = 15_000): Promise<Locator> {
    const message = this.#page.locator(".notification-list-item-message", { hasText: text });
    const toast = this.#toasts.filter({ has: message }).first();
    await toast.waitFor({ timeout: timeoutMs });
    return toast;
  }

  async buttons(text: string | RegExp): Promise<string[]> {
    return (await this.waitFor(text)).locator(".monaco-text-button").allInnerTexts();
  }

  async press(text: string | RegExp, button: string): Promise<void> {
    const toast = await this.waitFor(text);
    await toast.locator(".monaco-text-button", { hasText: button }).click();
    await toast.waitFor({ state: "detached" });
  }

  async dismiss(text: string | RegExp): Promise<void> {
    const toast = await this.waitFor(text);
    await toast.hover();
    await toast.locator(".codicon-notifications-clear").click();
    await toast.waitFor({ state: "detached" });
  }
}
