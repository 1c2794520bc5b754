import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, before } from "mocha";
import { SessionService } from "../../../src/auth/session";
import { DisposableStore } from "../../../src/base/disposable";
import { messageOf } from "../../../src/base/errors";
import { Connection } from "../../../src/modal/connection";
import { ExecGateway } from "../../../src/modal/exec";
import { LocalBackend } from "../../../src/modal/localBackend";
import { SandboxGateway } from "../../../src/modal/sandboxes";
import type { SandboxSpec } from "../../../src/modal/spec";
import type { OutputSink, Run, RunState } from "../../../src/run/run";
import { RunService } from "../../../src/run/runService";
import { launchers, type Launcher, type RunTarget } from "../../../src/run/target";
import { SandboxService } from "../../../src/sandboxes/sandboxService";
import { SandboxStore } from "../../../src/sandboxes/sandboxStore";
import type { Conflict } from "../../../src/sync/pullMessages";
import { Puller } from "../../../src/sync/puller";
import { Pusher } from "../../../src/sync/push";
import { SyncThread } from "../../../src/sync/syncThread";
import { memento, secretStore, silentLog } from "../../unit/support/fakes";

export interface ServicesOptions {
  /** Added to the local backend's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly createDeadlineMs?: number;
}

export type Services = Awaited<ReturnType<typeof startServices>>;

/** The product's services below the UI, on a local backend of their own, with a folder to run in. */
export function useServices(options: ServicesOptions = {}): () => Services {
  let services: Services | undefined;
  before(async function () {
    this.timeout(60_000);
    services = await startServices(options);
  });
  after(() => services?.stop());
  return () => {
    if (!services) throw new Error("The services are there once the tests run.");
    return services;
  };
}

export async function startServices({ env = {}, createDeadlineMs }: ServicesOptions) {
  const home = await mkdtemp(join(tmpdir(), "services-"));
  const folder = join(home, "folder");
  const stateDir = join(home, "state");
  await mkdir(folder);
  const own = new DisposableStore();
  const clock = { now: () => Date.now() };
  const log = silentLog;
  const session = own.add(
    new SessionService({ secrets: secretStore(), memento: memento(), env: {}, homeDir: home, log }),
  );
  const localBackend = own.add(
    new LocalBackend({
      program: resolve("dist/local.js"),
      stateDir,
      env: { ...process.env, ...env },
      log,
    }),
  );
  const settings = () => ({ appName: "tests", environment: "" });
  const connection = own.add(new Connection({ session, localBackend, settings, log }));
  const gateway = new SandboxGateway(connection, () => "", log);
  const exec = new ExecGateway(connection);
  const store = own.add(new SandboxStore());
  const sandboxes = new SandboxService({
    gateway,
    store,
    clock,
    log,
    ...(createDeadlineMs !== undefined && { createDeadlineMs }),
  });
  const baselineFolder = join(home, "baselines");
  const conflicts: Conflict[] = [];
  const puller = new Puller({
    baselineFolder,
    settings: () => ({ patterns: ["**"], maxBytes: 20_000_000 }),
    approve: () => Promise.resolve(false),
    onConflicts: (_root, found) => conflicts.push(...found),
    workerFile: resolve("dist/pullWorker.js"),
  });
  const syncThread = own.add(new SyncThread({ workerFile: resolve("dist/syncWorker.js"), baselineFolder }));
  const pusher = own.add(new Pusher({ thread: syncThread }));
  const runs = own.add(
    new RunService({
      sandboxes,
      exec,
      notices: (signal) => gateway.notices(signal),
      clock,
      log,
      pusher,
      puller,
    }),
  );
  await session.resolve(true);
  return {
    session,
    localBackend,
    connection,
    gateway,
    exec,
    store,
    sandboxes,
    runs,
    puller,
    conflicts,
    clock,
    folder,
    stateDir,
    async write(path: string, content: string | Uint8Array) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    },
    async stop() {
      own.dispose();
      await rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

export const spec = (properties: Partial<SandboxSpec> = {}): SandboxSpec => ({
  gpu: undefined,
  image: "python:3.12-slim",
  cpu: 1,
  memoryMiB: 512,
  timeoutMs: 600_000,
  idleTimeoutMs: 300_000,
  ports: [],
  ...properties,
});

export const T4 = { type: "T4", count: 1 };
export const L4 = { type: "L4", count: 1 };

export const fileTarget = (path: string, launcher: Launcher = launchers.shell): RunTarget => ({
  label: path,
  launcher,
  file: { kind: "synced", path },
});

/** Keeps what a run shows. */
export class Screen implements OutputSink {
  readonly size = { columns: 100, rows: 30 };
  readonly steps: string[] = [];
  readonly stdout: Uint8Array[] = [];
  readonly stderr: Uint8Array[] = [];
  readonly #waiting: { readonly text: string; readonly resolve: () => void }[] = [];

  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
    run.attach(this);
  }

  get text(): string {
    return Buffer.concat(this.stdout).toString();
  }

  get errorText(): string {
    return Buffer.concat(this.stderr).toString();
  }

  status(line: string): void {
    this.steps.push(line);
  }

  write(bytes: Uint8Array, stream: "stdout" | "stderr"): Promise<void> {
    this[stream].push(bytes);
    for (const { text, resolve } of this.#waiting) if (this.text.includes(text)) resolve();
    return Promise.resolve();
  }

  /** Settles once the program has printed `text`; rejects if the run is over without. */
  async shows(text: string): Promise<void> {
    if (this.text.includes(text)) return;
    const shown = new Promise<void>((resolve) => this.#waiting.push({ text, resolve }));
    const over = this.#run.over.then((state) => {
      if (!this.text.includes(text)) throw new Error(`The run is over without ${text}: ${describe(state)}`);
    });
    await Promise.race([shown, over]);
  }
}

/** The exit code of a run that came to its end; rejects with the reason if it did not. */
export async function exitCodeOf(run: Run): Promise<number> {
  const state = await run.over;
  if (state.kind === "ended") return state.exitCode;
  throw new Error(describe(state));
}

const describe = (state: RunState): string =>
  state.kind === "failed" ? `failed: ${messageOf(state.error)}` : JSON.stringify(state);
