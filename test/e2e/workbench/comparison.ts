import type { FrameLocator, Locator, Page } from "playwright-core";

import { exactly, pollUntil } from "./locators";

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The editor tab that compares runs. */
export class ComparisonView {
  readonly #page: Page;
  readonly frame: FrameLocator;

  constructor(page: Page) {
    this.#page = page;
    this.frame = page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
  }

  async waitForNote(text: RegExp, timeoutMs = 60_000): Promise<string> {
    const note = this.frame.locator("#note");
    return pollUntil(
      `the comparison says ${String(text)}`,
      async () => {
        const said = await note.innerText({ timeout: 2_000 });
        return text.test(said) && said;
      },
      timeoutMs,
    );
  }

  async title(): Promise<string> {
    return this.frame.locator("h1").innerText();
  }

  async columns(): Promise<string[]> {
    return this.frame.locator("thead th").allInnerTexts();
  }

  /** The cells of a column, from the top. */
  async column(title: string): Promise<string[]> {
    const index = (await this.columns()).indexOf(title);
    if (index < 0) throw new Error(`There is no column ${title}: ${(await this.columns()).join(", ")}`);
    return this.frame.locator(`tbody tr > :nth-child(${index + 1})`).allInnerTexts();
  }

  /** Waits, because the values that a program reported may be read from its log after its end. */
  async waitForColumn(title: string, texts: readonly string[]): Promise<void> {
    await pollUntil(
      `${title} is ${texts.join(", ")}`,
      async () => (await this.columns()).includes(title) && (await this.column(title)).join() === texts.join(),
    );
  }

  heading(title: string): Locator {
    return this.frame.locator("thead th").filter({ hasText: exactly(title) });
  }

  /** The buttons for the outputs of the row of that name. */
  outputs(name: string): { readonly open: Locator; readonly keep: Locator } {
    const cell = this.frame.locator(`tbody tr:has(th :text-is("${name}")) .outputs`);
    return { open: cell.locator("button").first(), keep: cell.locator("button.keep") };
  }

  /** The part of the window that the comparison fills, without the empty rest below it. */
  async contentBox(): Promise<Box> {
    const body = await this.frame.locator("body").boundingBox();
    const charts = await this.frame.locator("#charts").boundingBox();
    if (!body || !charts) throw new Error("The comparison is not in sight.");
    return { ...body, height: charts.y + charts.height + 20 - body.y };
  }

  async press(button: string): Promise<void> {
    await this.frame.locator(".toolbar button", { hasText: exactly(button) }).click();
  }

  get tab(): Locator {
    return this.#page.locator(".tab", { hasText: "Comparison ·" });
  }
}
