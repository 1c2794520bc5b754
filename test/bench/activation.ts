import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";

import { launchBrowser } from "../e2e/support/browser";
import { testEnvironment } from "../e2e/support/environment";
import { copySampleFolder } from "../e2e/support/sampleFolder";
import { VsCodeServer } from "../e2e/support/vsCodeServer";
import { Workbench } from "../e2e/workbench/workbench";
import { median, ms, type Row } from "./support/table";

const WINDOWS = 7;

const TARGET_MS = 50;
const TARGET_VSIX = 2_000_000;
const TARGET_MAIN = 200_000;

/** How long VS Code says that it loaded and activated the extension, in windows of their own, and how big it is. */
export async function benchActivation(): Promise<Row[]> {
  await prepare();
  const { root, vsix } = testEnvironment();
  const activations = await measureActivations();
  const ours = median(activations.map((activation) => activation.ours));
  const git = median(activations.map((activation) => activation.git));
  return [
    {
      what: `load and activate, median of ${WINDOWS} windows`,
      result: ms(ours),
      against: `VS Code's own Git: ${ms(git)}`,
      ratio: (ours / git).toFixed(2),
      target: `≤ ${ms(TARGET_MS)}`,
    },
    await size("the .vsix", vsix, TARGET_VSIX),
    await size("extension.js", join(root, "dist", "extension.js"), TARGET_MAIN),
  ];
}

interface Preparation {
  readonly packageExtension: () => Promise<void>;
  readonly prepareVsCode: () => Promise<void>;
}

async function prepare(): Promise<void> {
  // It finds the checkout by its own place, so it cannot be bundled.
  const path = pathToFileURL(resolve("test/prepare.mjs")).href;
  const { packageExtension, prepareVsCode } = (await import(path)) as Preparation;
  await packageExtension();
  await prepareVsCode();
}

interface Activations {
  readonly ours: number;
  /** That of an extension that comes with VS Code, for how busy the machine is. */
  readonly git: number;
}

async function measureActivations(): Promise<Activations[]> {
  const browser = await launchBrowser();
  const server = await VsCodeServer.start({ extensions: [testEnvironment().vsix] });
  try {
    const folder = await copySampleFolder(server.home);
    const activations = [];
    for (let window = 0; window < WINDOWS; window++) activations.push(await measureWindow(browser, server, folder));
    return activations;
  } finally {
    await browser.close();
    await server.stop();
  }
}

async function measureWindow(browser: Browser, server: VsCodeServer, folder: string): Promise<Activations> {
  const workbench = await Workbench.open(browser, server, folder);
  try {
    await workbench.sandboxes.open();
    await workbench.sandboxes.welcomeButton("Use Local Backend").waitFor();
    return { ours: await workbench.activationMs("Modal Sandboxes"), git: await workbench.activationMs("Git") };
  } finally {
    await workbench.close();
  }
}

async function size(what: string, path: string, target: number): Promise<Row> {
  const bytes = (await stat(path)).size;
  return { what, result: kilobytes(bytes), against: "", ratio: "", target: `≤ ${kilobytes(target)}` };
}

const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000).toLocaleString("en-US")} KB`;
