import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import { testEnvironment } from "./environment";
import { startPortRedirect, type PortRedirect } from "./portRedirect";
import { endProcessTree, findProcesses, markerName } from "./processTree";

export interface VsCodeServerOptions {
  /** Packaged extensions to install. */
  readonly extensions?: readonly string[];
  /** User settings over those that every test has. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Environment of the extension host, over a clean one. */
  readonly env?: Readonly<Record<string, string>>;
  /** For tests inside the extension host: VS Code then never shows a toast. */
  readonly isDriver?: boolean;
  readonly port?: number;
}

/** A VS Code for browsers on 127.0.0.1, with a home, settings and extensions of its own. */
export class VsCodeServer {
  static async start(options: VsCodeServerOptions = {}): Promise<VsCodeServer> {
    const root = await mkdtemp(join(tmpdir(), "modal-sandboxes-vscode-"));
    const server = new VsCodeServer(root);
    try {
      await server.#start(options);
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** The home folder of all that runs in it. */
  readonly home: string;
  readonly #root: string;
  readonly #marker = randomUUID();
  readonly #endWithUs = () => {
    this.#process?.kill("SIGKILL");
    rmSync(this.#root, { recursive: true, force: true });
  };
  #process: ChildProcess | undefined;
  #ports: PortRedirect | undefined;
  #port = 0;
  #log = "";

  private constructor(root: string) {
    this.#root = root;
    this.home = join(root, "home");
  }

  get authority(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Where our extension keeps what its windows share. */
  get storage(): string {
    return join(this.#root, "data", "User", "globalStorage", "modal-sandboxes.modal-sandboxes");
  }

  /** The server's output, for a failed test's report. */
  get log(): string {
    return this.#log;
  }

  /** Where to open a folder in a browser. `payload` are VS Code's own switches for one window. */
  url(folder: string | undefined, payload: Readonly<Record<string, string>> = {}): string {
    const query = new URLSearchParams();
    if (folder === undefined) query.set("ew", "true");
    else query.set(folder.endsWith(".code-workspace") ? "workspace" : "folder", folder);
    query.set("payload", JSON.stringify(Object.entries({ skipWelcome: "true", ...payload })));
    return `http://${this.authority}/?${query.toString()}`;
  }

  /** Reads a file of our extension, as it is installed. */
  async readInstalled(name: string): Promise<string> {
    const extensions = join(this.#root, "extensions");
    const folder = (await readdir(extensions)).find((entry) => entry.startsWith("modal-sandboxes."));
    if (folder === undefined) throw new Error("The extension is not installed.");
    return readFile(join(extensions, folder, name), "utf8");
  }

  /** The processes that this VS Code's local backend consists of: none where it was not started. */
  async localBackends(): Promise<number[]> {
    return findProcesses("local.js", "--state", this.#root);
  }

  /** @returns The command lines of processes that outlived the server and had to be killed; should be none. */
  async stop(): Promise<string[]> {
    process.off("exit", this.#endWithUs);
    this.#ports?.close();
    const server = this.#process;
    if (server?.exitCode === null && server.signalCode === null) {
      server.kill("SIGTERM");
      await once(server, "exit");
    }

    const left = await endProcessTree(this.#marker, 6_000);
    await rm(this.#root, { recursive: true, force: true, maxRetries: 5 });
    return left;
  }

  async #start(options: VsCodeServerOptions): Promise<void> {
    const { node, serverMain } = testEnvironment();
    const userFolder = join(this.#root, "data", "User");
    await mkdir(userFolder, { recursive: true });
    await mkdir(this.home);
    await writeFile(
      join(userFolder, "settings.json"),
      JSON.stringify({ ...quietSettings, ...options.settings }, null, 2),
    );

    const folders = ["--server-data-dir", this.#root, "--extensions-dir", join(this.#root, "extensions")];
    this.#ports = await startPortRedirect();
    const env = {
      ...cleanEnvironment(),
      HOME: this.home,
      VSCODE_PROXY_URI: this.#ports.template,
      [markerName]: this.#marker,
      ...options.env,
    };
    for (const vsix of options.extensions ?? [])
      await promisify(execFile)(node, [serverMain, ...folders, "--install-extension", vsix, "--force"], { env });

    const args = ["--host", "127.0.0.1", "--port", String(options.port ?? 0), "--without-connection-token"];
    args.push("--accept-server-license-terms", "--disable-telemetry", ...folders);
    if (options.isDriver) args.push("--enable-smoke-test-driver");
    const server = spawn(node, [serverMain, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#process = server;
    process.on("exit", this.#endWithUs);
    this.#port = await this.#listening(server);
  }

  #listening(server: ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream }): Promise<number> {
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.once("exit", (code) =>
        reject(new Error(`The VS Code server ended with exit code ${code}:\n${this.#log}`)),
      );
      for (const stream of [server.stdout, server.stderr])
        createInterface(stream).on("line", (line) => {
          this.#log += `${line}\n`;
          const port = /Extension host agent listening on (\d+)/.exec(line)?.[1];
          if (port) resolve(Number(port));
        });
    });
  }
}

/** VS Code without what a test did not ask for: first-run pages, chat, animations, anything from the network. */
const quietSettings = {
  "security.workspace.trust.enabled": false,
  "workbench.startupEditor": "none",
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.tips.enabled": false,
  "workbench.reduceMotion": "on",
  "workbench.colorTheme": process.env.TEST_THEME ?? "Default Dark Modern",
  "workbench.editor.empty.hint": "hidden",
  // Elsewhere a toast lies over the terminals' tabs or the editor's buttons.
  "workbench.notifications.position": "bottom-left",
  "chat.disableAIFeatures": true,
  "terminal.integrated.gpuAcceleration": "off",
  "terminal.integrated.tabs.hideCondition": "never",
  "files.simpleDialog.enable": true,
  "files.autoSave": "off",
  "git.enabled": false,
  "remote.autoForwardPorts": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "window.menuBarVisibility": "compact",
};

/** Ours without Modal's tokens, but with what a condition asks of the local backend, and without what npm, mocha or an outer VS Code add. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(MODAL_(?!LOCAL_)|TEST_|npm_|VSCODE_|ELECTRON_|NODE_OPTIONS|XDG_|INIT_CWD)/i;
  const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(own), EXTENSIONS_GALLERY: JSON.stringify({ serviceUrl: "" }) };
}
