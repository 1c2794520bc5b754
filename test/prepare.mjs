import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { ensureBrowser } from "./host/browser.mjs";
import { ensureVsCodeHost } from "./host/setup.mjs";

/** Prepares the suites, the demo and `npm start`. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** Builds the extension and the tests. */
export async function build() {
  await run(process.execPath, ["esbuild.config.mjs", "--tests"]);
}

/** Gets a VS Code and a browser, once; `test/e2e/support/environment.ts` reads where they are. */
export function prepareVsCode() {
  return (prepared ??= getVsCode());
}

let prepared;

async function getVsCode() {
  const host = await ensureVsCodeHost();
  process.env.TEST_ROOT = root;
  process.env.TEST_VSCODE_NODE = host.node;
  process.env.TEST_VSCODE_SERVER = host.serverMain;
  process.env.TEST_VSIX = join(root, "dist", "modal-sandboxes.vsix");
  process.env.TEST_BROWSER = await ensureBrowser();
}

export async function packageExtension() {
  await run("npm", ["run", "--silent", "package"], "ignore");
}

/** Runs one of the tests' own programs, with its exit code as ours. It cleans up after a signal, which we wait for. */
export async function runProgram(path) {
  const child = spawn(process.execPath, [path], { cwd: root, stdio: "inherit" });
  // Ctrl+C reaches the child by itself.
  process.on("SIGINT", () => {}).on("SIGTERM", () => child.kill("SIGTERM"));
  process.exitCode = await exitCode(child);
}

async function run(command, args, stdout = "inherit") {
  const code = await exitCode(spawn(command, args, { cwd: root, stdio: ["ignore", stdout, "inherit"] }));
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed with exit code ${code}.`);
}

/** A signal that ends the child counts as 1. */
export async function exitCode(child) {
  return new Promise((resolve, reject) => child.once("error", reject).once("close", (code) => resolve(code ?? 1)));
}
