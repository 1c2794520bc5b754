import { spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The executable of a Chromium-based browser: an installed one, else the system's package where this runs as root,
 * else Playwright's own download.
 *
 * @returns {Promise<string>}
 */
export async function ensureBrowser() {
  const { TEST_BROWSER: named } = process.env;
  if (named && !(await starts(named))) throw new Error(`TEST_BROWSER is ${named}, which does not start.`);
  return (await installedBrowser()) ?? (await installPackage()) ?? (await downloadBrowser());
}

/** No browser was found and none can be installed here. The user has to install one. */
export class BrowserUnavailable extends Error {}

const names = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "microsoft-edge",
  "microsoft-edge-stable",
];

const applications = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

/** A bare machine has no fonts at all: these have VS Code's look, and the bars and boxes of progress output. */
const packages = ["chromium", "fonts-noto-core", "fonts-noto-mono", "fonts-dejavu-core"];

async function installedBrowser() {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  const candidates = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  for (const path of [process.env.TEST_BROWSER, ...candidates, ...applications])
    if (path && (await starts(path))) return path;
  return undefined;
}

async function installPackage() {
  if (process.getuid?.() !== 0 || !(await starts("/usr/bin/apt-get"))) return undefined;

  console.log(`Installing ${packages.join(", ")} by apt-get (this runs as root)`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    await run("apt-get", ["update", "-qq"], env);
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], env);
  } catch (error) {
    console.log(error.message);
  }
  return installedBrowser();
}

async function downloadBrowser() {
  const { chromium } = await import("playwright-core");
  if (await starts(chromium.executablePath())) return chromium.executablePath();

  console.log("Downloading Chromium by Playwright, for there is no Chrome, Chromium or Edge");
  const cli = fileURLToPath(new URL("cli.js", import.meta.resolve("playwright-core/package.json")));
  const options = process.getuid?.() === 0 ? ["--with-deps"] : [];
  try {
    await run(process.execPath, [cli, "install", ...options, "chromium"], process.env);
  } catch (error) {
    console.log(error.message);
  }
  if (await starts(chromium.executablePath())) return chromium.executablePath();
  throw new BrowserUnavailable("there is no Chrome, Chromium or Edge, and Playwright's Chromium cannot be downloaded");
}

/** Checks that it runs: Ubuntu's chromium-browser, for example, is only a script that names what to install instead. */
async function starts(path) {
  try {
    await access(path, constants.X_OK);
    // Chrome for Windows answers by opening a window.
    if (process.platform !== "win32") await run(path, ["--version"], process.env, "ignore");
    return true;
  } catch {
    return false;
  }
}

async function run(command, args, env, output = "inherit") {
  const child = spawn(command, args, { env, stdio: ["ignore", output === "ignore" ? "ignore" : "pipe", output] });
  let printed = "";
  child.stdout?.on("data", (chunk) => (printed += chunk));
  const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed with exit code ${code}.\n${printed}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await ensureBrowser());
