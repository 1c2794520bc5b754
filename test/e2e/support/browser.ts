import { type Browser, chromium } from "playwright-core";

import { testEnvironment } from "./environment";

export async function launchBrowser(): Promise<Browser> {
  // Chromium's own sandbox does not start for root, nor in most containers.
  return chromium.launch({ executablePath: testEnvironment().browser, args: ["--no-sandbox"] });
}
