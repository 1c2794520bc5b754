import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { ModalClient } from "modal";

/** The tests run in the repository's root. */
const PROGRAM = resolve("dist/local.js");

export interface LocalBackend {
  readonly serverUrl: string;
  readonly tokenId: string;
  readonly tokenSecret: string;
  readonly pid: number;
  readonly stateDir: string;
  /** Everything printed to stdout so far. */
  readonly output: () => string;
  /** Everything the server has logged so far. */
  readonly log: () => string;
  /** Ends the server as a person would, and waits for its end. */
  stop(): Promise<void>;
  /** Closes stdin, as a parent process does when it dies. */
  closeStdin(): void;
  /** Ends the server as the kernel would. */
  kill(): void;
  /** Resolves when the server's process has ended, for any reason. */
  readonly exited: Promise<number | null>;
}

export interface LocalBackendOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly arguments?: readonly string[];
  /** The user that the server runs as. Only root may choose another user than its own. */
  readonly uid?: number;
}

/** Starts `dist/local.js` with its own state folder, which `stop` removes. */
export async function startLocalBackend(options: LocalBackendOptions = {}): Promise<LocalBackend> {
  const stateDir = await mkdtemp(join(tmpdir(), "local-backend-"));
  if (options.uid !== undefined) await chown(stateDir, options.uid, options.uid);
  const child = spawn(process.execPath, [PROGRAM, "--state", stateDir, ...(options.arguments ?? [])], {
    env: { ...process.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
    ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
  });
  let output = "";
  let log = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (log += data.toString()));
  const exited = once(child, "exit").then(([code]) => code as number | null);

  const firstLine = once(createInterface(child.stdout), "line").then(([line]) => line as string);
  const line = await Promise.race([
    firstLine,
    exited.then((code) => {
      throw new Error(`The local backend ended with ${String(code)}:\n${log}`);
    }),
  ]);
  const { serverUrl, tokenId, tokenSecret } = JSON.parse(line) as Record<
    "serverUrl" | "tokenId" | "tokenSecret",
    string
  >;

  return {
    serverUrl,
    tokenId,
    tokenSecret,
    pid: child.pid ?? 0,
    stateDir,
    output: () => output,
    log: () => log,
    exited,
    async stop() {
      child.kill("SIGTERM");
      await exited;
      await rm(stateDir, { recursive: true, force: true });
    },
    closeStdin: () => child.stdin.end(),
    kill: () => child.kill("SIGKILL"),
  };
}

/** A client of the unmodified SDK. It reads the server's address from the environment once, in its constructor. */
export function createClient(backend: Pick<LocalBackend, "serverUrl" | "tokenId" | "tokenSecret">): ModalClient {
  const previous = process.env.MODAL_SERVER_URL;
  process.env.MODAL_SERVER_URL = backend.serverUrl;
  try {
    return new ModalClient({ tokenId: backend.tokenId, tokenSecret: backend.tokenSecret, logLevel: "error" });
  } finally {
    if (previous === undefined) delete process.env.MODAL_SERVER_URL;
    else process.env.MODAL_SERVER_URL = previous;
  }
}
