import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { format } from "node:util";

import { launchBrowser } from "../e2e/support/browser";
import { testEnvironment } from "../e2e/support/environment";
import { copySampleFolder } from "../e2e/support/sampleFolder";
import { VsCodeServer } from "../e2e/support/vsCodeServer";

/** Runs the tests of this folder in the extension host of the VS Code server, of which a browser window is one half. */
async function main(): Promise<number> {
  const { root } = testEnvironment();
  const { TEST_REPORT = "", TEST_GREP = "", TEST_TIMEOUT_MS = "" } = process.env;
  const server = await VsCodeServer.start({ isDriver: true, env: { TEST_REPORT, TEST_GREP, TEST_TIMEOUT_MS } });
  try {
    return await runWindow(server, root, await copySampleFolder(server.home));
  } finally {
    const left = await server.stop();
    if (left.length > 0) console.error(`Killed what outlived the server:\n  ${left.join("\n  ")}`);
  }
}

/** For all tests together: a window that never starts must not hang. */
const LIMIT_MS = 180_000;

async function runWindow(server: VsCodeServer, root: string, folder: string): Promise<number> {
  const remote = (path: string) => `vscode-remote://${server.authority}${path}`;
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const exited = new Promise<number>((resolve) => {
      // VS Code's test driver calls these two: the first with every console line, the window's own chatter included.
      void page.exposeFunction("codeAutomationLog", (_type: string, values: unknown[]) => {
        const text = format(...values);
        if (text.startsWith("test: ")) console.log(text.slice("test: ".length));
        else if (process.env.TEST_VERBOSE) console.log(text);
      });
      void page.exposeFunction("codeAutomationExit", resolve);
    });
    const url = server.url(folder, {
      extensionDevelopmentPath: remote(root),
      extensionTestsPath: remote(join(root, "out", "test", "vscode", "index.js")),
    });
    await page.goto(url);
    return await Promise.race([exited, limit()]);
  } finally {
    await browser.close();
  }
}

async function limit(): Promise<never> {
  await delay(LIMIT_MS, undefined, { ref: false });
  throw new Error(`The tests did not end within ${LIMIT_MS / 1000} s. TEST_VERBOSE=1 shows what VS Code says.`);
}

void main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
