import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, before } from "mocha";
import { SessionService } from "../../../src/auth/session";
import { DisposableStore } from "../../../src/base/disposable";
import { messageOf } from "../../../src/base/errors";
import type { Clock, SecretStore } from "../../../src/base/ports";
import { registryImage, type SandboxSpec } from "../../../src/modal/spec";
import type { OfferOther } from "../../../src/run/createOrSwap";
import { createSandboxes, type Sandboxes } from "../../../src/services/sandboxes";
import { createServices } from "../../../src/services/services";
import type { OutputSink, Run, RunState } from "../../../src/run/run";
import { launchers, type Launcher } from "../../../src/run/target/launchers";
import { targetOf, type RunTarget } from "../../../src/run/target/target";
import type { Limits } from "../../../src/sandboxes/costs/limits";
import type { Conflict, ProtectedCopy } from "../../../src/sync/pull/pullMessages";
import { memento, secretStore, silentLog } from "../../unit/support/fakes";

export interface ServicesOptions {
  /** Offers another GPU to a run whose GPU is unavailable. By default, the run fails. */
  readonly offerOther?: OfferOther;
  /** Added to the local backend's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly createDeadlineMs?: number;
  /** Hard limits on spending; by default there are none. */
  readonly limits?: () => Limits;
  readonly clock?: Clock;
  readonly keepsExitSnapshots?: boolean;
  /** The system's keyring, for the values of variables. */
  readonly vaultSecrets?: SecretStore;
  /** Shared with other services, as the windows of an installation share one; else one of their own. */
  readonly storageFolder?: string;
  readonly runsConcurrently?: boolean;
  readonly sharesOutputs?: boolean;
  /** The folder that is open; else one of their own. */
  readonly folder?: string;
  /** Signed in to the server that `MODAL_SERVER_URL` names, instead of a local backend of their own. */
  readonly account?: { readonly tokenId: string; readonly tokenSecret: string };
}

interface WindowOptions {
  readonly folders?: readonly string[];
  /** How long it waits for what the windows must not do at the same time. */
  readonly lockWaitMs?: number;
}

const noLimits: Limits = { dollarsPerHour: 0, dollarsPerDay: 0, sandboxes: 0 };

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

export async function startServices({
  env = {},
  createDeadlineMs,
  storageFolder,
  account,
  vaultSecrets = secretStore(),
  limits = () => noLimits,
  clock = { now: () => Date.now() },
  keepsExitSnapshots = false,
  offerOther,
  runsConcurrently = true,
  sharesOutputs = false,
  folder: openFolder,
}: ServicesOptions) {
  const home = await mkdtemp(join(tmpdir(), "services-"));
  const folder = openFolder ?? join(home, "folder");
  const stateDir = join(home, "state");
  await mkdir(folder, { recursive: true });
  const own = new DisposableStore();
  const conflicts: Conflict[] = [];
  const copies: ProtectedCopy[] = [];
  const session = own.add(
    new SessionService({
      secrets: secretStore(),
      memento: memento(),
      env: account ? { MODAL_TOKEN_ID: account.tokenId, MODAL_TOKEN_SECRET: account.tokenSecret } : {},
      homeDir: home,
      log: silentLog,
    }),
  );
  const options = {
    session,
    localBackendProgram: { program: resolve("dist/local.js"), stateDir, env: { ...process.env, ...env } },
    proxyVariables: {},
    connectionSettings: () => ({ appName: "tests", environment: "" }),
    storageFolder: storageFolder ?? join(home, "storage"),
    hostName: "here",
    localId: "local",
    secretStore: vaultSecrets,
    workspaceState: memento(),
    folders: () => [folder],
    isFree: () => false,
    spendingLimits: () => ({ soft: noLimits, hard: limits() }),
    approveAboveLimit: () => Promise.resolve(false),
    keepsExitSnapshots: () => keepsExitSnapshots,
    ...(createDeadlineMs !== undefined && { createDeadlineMs: () => createDeadlineMs }),
    workerFile: resolve("dist/syncWorker.mjs"),
    baselineFolder: join(home, "baselines"),
    pullSettings: () => ({ patterns: ["**"], maxBytes: 20_000_000, maxFiles: 1000 }),
    approvePull: () => Promise.resolve(false),
    onConflicts: (_root: string, found: readonly Conflict[]) => conflicts.push(...found),
    onCopies: (_root: string, found: readonly ProtectedCopy[]) => copies.push(...found),
    ...(offerOther && { offerOther }),
    runsConcurrently: () => runsConcurrently,
    runsFolder: () => "runs",
    sharesOutputs: () => sharesOutputs,
    clock,
    log: silentLog,
  };
  const services = createServices(own, options);
  await services.session.resolve(!account);

  /** Opens another window of the same installation on the same server. */
  const openWindow = ({ folders = [], ...lock }: WindowOptions = {}) =>
    refreshable(
      createSandboxes(own, {
        ...options,
        ...lock,
        spendingLimits: () => ({ soft: noLimits, hard: noLimits }),
        backend: services,
        folders: () => folders,
      }),
    );
  return {
    ...refreshable(services),
    openWindow,
    conflicts,
    copies,
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

/** With a refresh that gives up by itself. */
const refreshable = <T extends Pick<Sandboxes, "refresh">>(window: T) => ({
  ...window,
  refresh: () => window.refresh(AbortSignal.timeout(20_000)),
});

export const spec = (properties: Partial<SandboxSpec> = {}): SandboxSpec => ({
  gpu: undefined,
  gpuFallback: [],
  image: registryImage("python:3.12-slim"),
  cpu: 1,
  memoryMiB: 512,
  timeoutMs: 600_000,
  idleTimeoutMs: 300_000,
  ports: [],
  volumes: [],
  secrets: [],
  env: {},
  regions: [],
  network: { kind: "open" },
  ...properties,
});

export const T4 = { type: "T4", count: 1 };
export const L4 = { type: "L4", count: 1 };

export const fileTarget = (path: string, launcher: Launcher = launchers.shell): RunTarget =>
  targetOf(path, launcher, { kind: "synced", path });

/** Keeps what a run shows. */
export class Screen implements OutputSink {
  readonly size = { columns: 100, rows: 30 };
  readonly steps: string[] = [];
  readonly stdout: Uint8Array[] = [];
  readonly stderr: Uint8Array[] = [];
  #waiting: { readonly text: string; readonly resolve: () => void }[] = [];

  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
    void run.attach(this);
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
    if (this.#waiting.length > 0) this.#look(this.text);
    return Promise.resolve();
  }

  /** Settles once the program has printed `text`; rejects if the run is over without. */
  async shows(text: string): Promise<void> {
    if (this.text.includes(text)) return;
    const shown = new Promise<void>((resolve) => this.#waiting.push({ text, resolve }));
    const over = this.#run.finished.then((state) => {
      if (!this.text.includes(text)) throw new Error(`The run is over without ${text}: ${describe(state)}`);
    });
    await Promise.race([shown, over]);
  }

  #look(shown: string): void {
    for (const { text, resolve } of this.#waiting) if (shown.includes(text)) resolve();
    this.#waiting = this.#waiting.filter(({ text }) => !shown.includes(text));
  }
}

/** The exit code of a run that came to its end; rejects with the reason if it did not. */
export async function exitCodeOf(run: Run): Promise<number> {
  const state = await run.finished;
  if (state.kind === "ended") return state.exitCode;
  throw new Error(describe(state));
}

const describe = (state: RunState): string =>
  state.kind === "failed" ? `failed: ${messageOf(state.error)}` : JSON.stringify(state);
