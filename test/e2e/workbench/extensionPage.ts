import type { FrameLocator } from "playwright-core";

import { exactly, pollUntil } from "./locators";
import type { Workbench } from "./workbench";

export interface Picture {
  readonly address: string | undefined;
  readonly isShown: boolean;
}

/** The page with an extension's README that the Extensions view opens. */
export class ExtensionPage {
  static async open(workbench: Workbench, name: string): Promise<ExtensionPage> {
    const { page } = workbench;
    await workbench.runCommand("Extensions: Show Installed Extensions");
    const title = page.locator(".name", { hasText: exactly(name) });
    await page.locator(".extensions-viewlet .extension-list-item").filter({ has: title }).first().click();
    const frame = page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
    await frame.locator("h1").first().waitFor();
    return new ExtensionPage(frame);
  }

  readonly #frame: FrameLocator;

  private constructor(frame: FrameLocator) {
    this.#frame = frame;
  }

  /** The README's pictures, once each was loaded or failed. */
  async pictures(): Promise<Picture[]> {
    const images = this.#frame.locator("img");
    return pollUntil("the pictures are loaded", async () => {
      const found = await images.evaluateAll((elements: ImageElement[]) =>
        elements.map((image) => ({
          address: image.getAttribute("src") ?? undefined,
          isShown: image.naturalWidth > 0,
          isComplete: image.complete,
        })),
      );
      return found.every(({ isComplete }) => isComplete) && found.map(({ address, isShown }) => ({ address, isShown }));
    });
  }
}

/** The used part of the browser's own type, which these sources are compiled without. */
interface ImageElement {
  readonly naturalWidth: number;
  readonly complete: boolean;
  getAttribute(name: string): string | null;
}
