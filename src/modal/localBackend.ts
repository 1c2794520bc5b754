import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { Deferred } from "../base/async";
import type { Disposable } from "../base/disposable";
import { UserError } from "../base/errors";
import { Emitter } from "../base/event";
import type { Logger } from "../base/ports";
import type { ClientTarget } from "./client";
import { SANDBOX_GONE } from "./errors";

export interface LocalBackendOptions {
  /** The built `dist/local.js`. */
  readonly program: string;
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
}

/** Runs the local backend as a child process that ends with this one: it serves until its stdin closes. */
export class LocalBackend implements Disposable {
  readonly #options: LocalBackendOptions;
  readonly #lost = new Emitter<UserError>();
  /** Fires when the backend has died unexpectedly, along with all its sandboxes. */
  readonly onDidLose = this.#lost.event;
  #running: { readonly child: ChildProcess; readonly target: Promise<ClientTarget> } | undefined;

  constructor(options: LocalBackendOptions) {
    this.#options = options;
  }

  /** Returns the backend's address and token, and starts it if it is not running. */
  async target(): Promise<ClientTarget> {
    this.#running ??= this.#start();
    return this.#running.target;
  }

  /** Ends the backend and all its sandboxes. */
  dispose(): void {
    this.#running?.child.stdin?.end();
    this.#running = undefined;
  }

  #start() {
    const { program, stateDir, env, log } = this.#options;
    const child = spawn(process.execPath, [program, "--state", stateDir], {
      env: { ...env, ELECTRON_RUN_AS_NODE: "1" },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const target = new Deferred<ClientTarget>();
    let lastWords = "";

    createInterface(child.stdout).once("line", (line) => {
      try {
        target.resolve(parseTarget(line));
      } catch (error) {
        target.reject(error);
      }
    });
    createInterface(child.stderr).on("line", (line) => {
      lastWords = line;
      log.info(`Local backend: ${line}`);
    });
    child.once("error", (error) => target.reject(localBackendFailed(error.message, error)));
    child.once("close", (code, signal) => {
      log.info(`Local backend ended (${signal ?? code ?? "unknown"}).`);
      target.reject(localBackendFailed(lastWords, undefined));
      if (this.#running?.child !== child) return;
      this.#running = undefined;
      this.#lost.fire(localBackendLost());
    });
    target.promise.catch(() => {
      // A backend that cannot be reached is useless even if it is alive. The next call starts another one.
      child.stdin.end();
      if (this.#running?.child === child) this.#running = undefined;
    });
    return { child, target: target.promise };
  }
}

function parseTarget(line: string): ClientTarget {
  const value: unknown = JSON.parse(line);
  if (
    typeof value === "object" &&
    value !== null &&
    "serverUrl" in value &&
    typeof value.serverUrl === "string" &&
    "tokenId" in value &&
    typeof value.tokenId === "string" &&
    "tokenSecret" in value &&
    typeof value.tokenSecret === "string"
  ) {
    return { serverUrl: value.serverUrl, tokenId: value.tokenId, tokenSecret: value.tokenSecret };
  }
  throw localBackendFailed("it did not report its address", undefined);
}

const localBackendLost = () =>
  new UserError("The local backend stopped unexpectedly, along with its sandboxes. Run again to restart it.", {
    code: SANDBOX_GONE,
    actions: [{ title: "Show Log", command: "modalSandboxes.showLog" }],
  });

const localBackendFailed = (reason: string, cause: unknown) =>
  new UserError(
    `The local backend could not start${reason && `: ${reason.replace(/\.$/, "")}`}. See the log for more.`,
    {
      cause,
      actions: [{ title: "Show Log", command: "modalSandboxes.showLog" }],
    },
  );
