import { join } from "node:path";
import { format } from "node:util";

import { launchBrowser } from "../e2e/browser";
import { testEnvironment } from "../e2e/environment";
import { copySampleFolder } from "../e2e/sampleFolder";
import { VsCodeServer } from "../e2e/vsCodeServer";

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
    return await exited;
  } finally {
    await browser.close();
  }
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
