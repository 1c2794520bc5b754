import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, cp, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Gets the VS Code that the tests, the demo and `npm start` drive: code-server's build of it from the npm registry,
 * without running any install script, so that it needs no compiler. It is kept in the user's cache, about 300 MB.
 *
 * @returns {Promise<{ node: string, serverMain: string, version: string }>} The Node that can run it, its entry and
 *   VS Code's version.
 */
export async function ensureVsCodeHost() {
  const folder = join(cacheFolder(), `vscode-host-${await fingerprint()}`);
  if (!(await exists(folder))) await install(folder);

  const { version } = JSON.parse(await readFile(join(folder, "vscode", "package.json"), "utf8"));
  return {
    node: canRunServer ? process.execPath : join(folder, "node"),
    serverMain: join(folder, "vscode", "out", "server-main.js"),
    version,
  };
}

const source = fileURLToPath(new URL(".", import.meta.url));
const sources = ["package.json", "package-lock.json", "setup.mjs", "spdlogShim.cjs"];
const nodePackage = `node-${process.platform}-${process.arch}`;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const canRunServer = major > 22 || (major === 22 && minor >= 15);

/** Parts that the server never loads during extension tests. They make up most of its size. */
const unneeded = [
  "extensions/copilot",
  "extensions/mermaid-markdown-features",
  "extensions/microsoft-authentication",
  "node_modules/@devcontainers",
  "node_modules/@github",
  "node_modules/@microsoft/mxc-sdk",
];

async function install(folder) {
  if (!canRunServer && process.platform !== "linux")
    throw new Error(`The VS Code server needs Node 22.15 or later; this is ${process.version}.`);

  const started = Date.now();
  console.log(`Getting VS Code from the npm registry into ${folder} (once, about 300 MB)`);
  await removeAbandoned();
  const work = `${folder}.${process.pid}.tmp`;
  try {
    await mkdir(work, { recursive: true });
    for (const name of sources) await copyFile(join(source, name), join(work, name));
    await npmCi(work, canRunServer ? ["--omit=optional"] : []);

    const vscode = join(work, "vscode");
    await rename(join(work, "node_modules", "code-server", "lib", "vscode"), vscode);
    // The published lock lacks a peer dependency that nothing here uses.
    await npmCi(vscode, ["--omit=dev", "--legacy-peer-deps"]);
    await copyFile(join(source, "spdlogShim.cjs"), join(vscode, "node_modules", "@vscode", "spdlog", "index.js"));
    if (!canRunServer) await cp(join(work, "node_modules", nodePackage, "bin", "node"), join(work, "node"));

    await rm(join(work, "node_modules"), { recursive: true });
    await prune(vscode);
    await publish(work, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  console.log(`VS Code is ready after ${((Date.now() - started) / 1000).toFixed(0)} s`);
}

/** A rename is atomic: if two installations run at the same time, the second to finish uses the result of the first. */
async function publish(work, folder) {
  try {
    await rename(work, folder);
  } catch (error) {
    if (!(await exists(folder))) throw error;
  }
}

async function prune(vscode) {
  for (const path of unneeded) await rm(join(vscode, path), { recursive: true, force: true });
  const platform = `${process.platform}-${process.arch}`;
  await keepOnly(join(vscode, "node_modules", "node-pty", "prebuilds"), platform);
  await keepOnly(join(vscode, "node_modules", "@vscode", "ripgrep-universal", "bin"), platform);
  await removeSourceMaps(vscode);
}

async function keepOnly(folder, name) {
  if (!(await exists(join(folder, name)))) return;
  for (const other of await readdir(folder))
    if (other !== name) await rm(join(folder, other), { recursive: true, force: true });
}

async function removeSourceMaps(folder) {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile() && entry.name.endsWith(".map")) await rm(join(entry.parentPath ?? entry.path, entry.name));
}

/** Half-finished installations of processes that were killed. */
async function removeAbandoned() {
  await mkdir(cacheFolder(), { recursive: true });
  for (const name of await readdir(cacheFolder())) {
    const pid = /\.(\d+)\.tmp$/.exec(name)?.[1];
    if (pid && !isRunning(Number(pid))) await rm(join(cacheFolder(), name), { recursive: true, force: true });
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

async function npmCi(cwd, options) {
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", ...options];
  const npm = spawn("npm", args, { cwd, stdio: ["ignore", "ignore", "inherit"], shell: process.platform === "win32" });
  const code = await new Promise((resolve, reject) => npm.once("error", reject).once("close", resolve));
  if (code !== 0) throw new Error(`npm ci failed in ${cwd} with exit code ${code}.`);
}

async function fingerprint() {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch} ${canRunServer}`);
  for (const name of sources) hash.update(await readFile(join(source, name)));
  return hash.digest("hex").slice(0, 12);
}

function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "modal-sandboxes");
}

async function exists(path) {
  return stat(path).then(
    () => true,
    () => false,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await ensureVsCodeHost());
