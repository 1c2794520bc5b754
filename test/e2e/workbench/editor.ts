import type { Locator, Page } from "playwright-core";

import { exactly, pollUntil } from "./locators";
import { readSubmenu, RUN_ON_MODAL } from "./menu";
import type { QuickInput } from "./quickInput";

/** The active editor group. */
export class Editor {
  readonly #page: Page;
  readonly #quickInput: QuickInput;
  readonly #group: Locator;

  constructor(page: Page, quickInput: QuickInput) {
    this.#page = page;
    this.#quickInput = quickInput;
    this.#group = page.locator(".editor-group-container.active");
  }

  /** Opens a file of the folder by its path in it. */
  async open(path: string): Promise<void> {
    const name = path.split("/").at(-1) ?? path;
    await this.#quickInput.openFile(path);
    await this.#tab(name).and(this.#page.locator(".active")).waitFor();
    await this.#group.locator(".view-lines .view-line").first().waitFor();
  }

  async tabs(): Promise<string[]> {
    const names = await this.#group.locator(".tab .monaco-icon-label-container").allInnerTexts();
    return names.map((name) => name.replace(/\s/g, ""));
  }

  async isDirty(name: string): Promise<boolean> {
    return ((await this.#tab(name).getAttribute("class")) ?? "").split(" ").includes("dirty");
  }

  /** The lines in sight. */
  async text(): Promise<string> {
    const lines = await this.#group.locator(".view-lines").innerText();
    return lines.replaceAll("\u00a0", " ");
  }

  /** Puts the cursor at the end of a line in sight. */
  async clickLine(line: number): Promise<void> {
    const number = this.#group.locator(".line-numbers", { hasText: exactly(String(line)) }).first();
    // Lines are drawn again in another place when something appears above them, such as a lens.
    const [numberBox, linesBox] = await pollUntil(`line ${line} is in sight`, async () => {
      const [one, all] = [await number.boundingBox(), await this.#group.locator(".view-lines").boundingBox()];
      return one && all ? ([one, all] as const) : undefined;
    });
    await this.#page.mouse.click(linesBox.x + linesBox.width - 20, numberBox.y + numberBox.height / 2);
  }

  async type(text: string): Promise<void> {
    await this.#page.keyboard.type(text);
  }

  /** A button of the editor's title, such as the run button. */
  titleAction(label: string): Locator {
    return this.#group.locator(`.editor-actions .action-label[aria-label^="${label}"]`);
  }

  /** Opens the submenu "Run on Modal", which has this action, leaves it open, and reads it. */
  async contextActions(action: string): Promise<string[]> {
    return readSubmenu(this.#page, this.#group.locator(".view-lines"), RUN_ON_MODAL, action);
  }

  #tab(name: string): Locator {
    return this.#group.locator(`.tab[data-resource-name="${name}"]`);
  }
}
