import type { Locator, Page } from "playwright-core";

import { exactly, pollUntil } from "./locators";
import { chooseFromMenu, readMenu } from "./menu";

export interface TreeRowText {
  readonly label: string;
  readonly description: string;
  /** 1 for the rows at the top. */
  readonly level: number;
  /** The row's place in the whole tree. */
  readonly index: number;
}

const OPEN_TIMEOUT_MS = 5000;

/** A view of the side bar, by the title of its container and its own. */
export class TreeView {
  readonly #page: Page;
  readonly #container: string;
  readonly #pane: Locator;

  constructor(page: Page, container: string, view: string) {
    this.#page = page;
    this.#container = container;
    const header = page.locator(".pane-header h3.title", { hasText: exactly(view) });
    this.#pane = page.locator(".split-view-view .pane").filter({ has: header });
  }

  async open(): Promise<void> {
    const icon = this.#page.locator(`a.action-label[aria-label^="${this.#container}"]`);
    const tab = this.#page.locator(".activitybar li.action-item").filter({ has: icon });
    await tab.waitFor({ timeout: 30_000 });
    // A window that restores the view by itself may do so just before the click, which then closes it.
    await pollUntil("the view is open", async () => {
      // The item, since its badge lies over the link.
      if ((await tab.getAttribute("aria-expanded")) !== "true") await tab.click();
      await this.#pane.waitFor({ timeout: OPEN_TIMEOUT_MS });
      return true;
    });
  }

  /** Opens a view that lies folded up below others. */
  async unfold(): Promise<void> {
    const header = this.#pane.locator(".pane-header");
    await header.waitFor();
    if ((await header.getAttribute("aria-expanded")) === "false") await header.click();
    await header.and(this.#page.locator('[aria-expanded="true"]')).waitFor();
  }

  /** The first row with this label. */
  row(label: string | RegExp): Locator {
    const name = this.#page.locator(".label-name", { hasText: exactly(label) });
    return this.#pane.locator(".monaco-list-row").filter({ has: name }).first();
  }

  /** The rows in sight, from the top. */
  async rows(): Promise<TreeRowText[]> {
    // In one go, for the tree may change between two questions.
    const rows = await this.#pane.locator(".monaco-list-row").evaluateAll((elements: RowElement[]) =>
      elements.map((row) => ({
        label: row.querySelector(".label-name")?.innerText.trim() ?? "",
        description: row.querySelector(".label-description")?.innerText.trim() ?? "",
        level: Number(row.getAttribute("aria-level")),
        index: Number(row.getAttribute("data-index")),
      })),
    );
    return rows.sort((a, b) => a.index - b.index);
  }

  /** The row below another one, which is expanded for it: the same label may be below several. */
  async child(parent: string | RegExp, label: string | RegExp): Promise<Locator> {
    await this.expand(parent);
    const matches = exactly(label);
    const index = await pollUntil(`${String(label)} is below ${String(parent)}`, async () => {
      const rows = await this.rows();
      const start = rows.findIndex((row) => exactly(parent).test(row.label));
      const level = rows[start]?.level ?? 0;
      const end = rows.findIndex((row, at) => at > start && row.level <= level);
      const found = rows.slice(start + 1, end < 0 ? undefined : end).find((row) => matches.test(row.label));
      return found?.index;
    });
    return this.#pane.locator(`.monaco-list-row[data-index="${index}"]`);
  }

  async expand(label: string | RegExp): Promise<void> {
    const row = this.row(label);
    await row.waitFor();
    const expanded = row.and(this.#page.locator('[aria-expanded="true"]'));
    // A row that the view draws again at that moment has no click.
    await pollUntil(`${String(label)} is expanded`, async () => {
      if ((await row.getAttribute("aria-expanded")) === "false") await row.locator(".monaco-tl-twistie").click();
      await expanded.waitFor({ timeout: 3000 });
      return true;
    });
  }

  async inlineAction(row: Locator, action: string): Promise<void> {
    await row.hover();
    await row.locator(`.actions .action-label[aria-label^="${action}"]`).click();
  }

  async contextAction(row: Locator, action: string): Promise<void> {
    await chooseFromMenu(this.#page, row, action);
  }

  /** Returns the items of the context menu, which stays open. */
  async contextActions(row: Locator): Promise<string[]> {
    return readMenu(this.#page, row);
  }

  /** A button in the view's title. */
  async titleAction(action: string): Promise<void> {
    await this.#pane.hover();
    const inPane = this.#pane.locator(`.pane-header .action-label[aria-label^="${action}"]`);
    const inContainer = this.#page.locator(`.sidebar .title-actions .action-label[aria-label^="${action}"]`);
    await inPane.or(inContainer).locator("visible=true").first().click();
  }

  /** The text of the welcome that an empty view shows. */
  async welcome(): Promise<string> {
    return this.#pane.locator(".welcome-view-content").innerText();
  }

  welcomeButton(label: string): Locator {
    return this.#pane.locator(".welcome-view-content a.monaco-button", { hasText: exactly(label) });
  }
}

/** The used part of the browser's own type, which is not among the types of this project. */
interface RowElement {
  readonly innerText: string;
  querySelector(selector: string): RowElement | null;
  getAttribute(name: string): string | null;
}
