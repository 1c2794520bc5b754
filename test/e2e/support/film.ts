import { setTimeout as delay } from "node:timers/promises";
import type { Page } from "playwright-core";
import sharp from "sharp";

interface Frame {
  readonly png: Buffer;
  durationMs: number;
}

/** An animated picture of a window, made of screenshots. */
export class Film {
  readonly #page: Page;
  readonly #frames: Frame[] = [];

  constructor(page: Page) {
    this.#page = page;
  }

  get frameCount(): number {
    return this.#frames.length;
  }

  get durationMs(): number {
    return this.#frames.reduce((sum, { durationMs }) => sum + durationMs, 0);
  }

  /** Shows the window as it is now for that long. A picture that did not change prolongs the one before. */
  async show(durationMs: number): Promise<void> {
    const png = await this.#page.screenshot();
    const last = this.#frames.at(-1);
    if (last?.png.equals(png)) last.durationMs += durationMs;
    else this.#frames.push({ png, durationMs });
  }

  /** Shows the window every `everyMs`, until the promise settles. */
  async showUntil(ended: Promise<unknown>, everyMs: number): Promise<void> {
    const state = { isEnded: false };
    const end = ended.finally(() => (state.isEnded = true));
    while (!state.isEnded) await Promise.all([this.show(everyMs), delay(everyMs)]);
    await end;
  }

  async save(path: string): Promise<void> {
    await sharp(
      this.#frames.map(({ png }) => png),
      { join: { animated: true } },
    )
      // Lossless keeps text sharp, and is smaller than lossy for flat colors.
      .webp({ lossless: true, effort: 3, loop: 0, delay: this.#frames.map(({ durationMs }) => durationMs) })
      .toFile(path);
  }
}
