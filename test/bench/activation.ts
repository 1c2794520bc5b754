import { readFile, stat } from "node:fs/promises";
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
const TARGET_LOADED = 140_000;

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
    size("the .vsix", (await stat(vsix)).size, TARGET_VSIX),
    size("code that activation loads", await loadedBytes(join(root, "dist")), TARGET_LOADED),
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

/** The size of the entry with all that it imports. */
async function loadedBytes(dist: string): Promise<number> {
  const names = new Set(["extension.mjs"]);
  let bytes = 0;
  for (const name of names) {
    const code = await readFile(join(dist, name), "utf8");
    bytes += Buffer.byteLength(code);
    for (const [, imported = ""] of code.matchAll(/(?:from|import)"\.\/([^"]+)"/g)) names.add(imported);
  }
  return bytes;
}

function size(what: string, bytes: number, target: number): Row {
  return { what, result: kilobytes(bytes), against: "", ratio: "", target: `≤ ${kilobytes(target)}` };
}

const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000).toLocaleString("en-US")} KB`;
