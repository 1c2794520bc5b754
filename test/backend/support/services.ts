import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, before } from "mocha";
import { SessionService } from "../../../src/auth/session";
import { DisposableStore } from "../../../src/base/disposable";
import { messageOf } from "../../../src/base/errors";
import type { Clock, SecretStore } from "../../../src/base/ports";
import { Connection } from "../../../src/modal/connection";
import { ExecGateway } from "../../../src/modal/exec";
import { ImageGateway } from "../../../src/modal/images";
import { LocalBackend } from "../../../src/modal/localBackend";
import { listRates } from "../../../src/modal/rates";
import { SandboxGateway } from "../../../src/modal/sandboxes";
import { SnapshotGateway } from "../../../src/modal/snapshots";
import { registryImage, type SandboxSpec } from "../../../src/modal/spec";
import { UsageGateway } from "../../../src/modal/usage";
import type { OfferOther } from "../../../src/run/createOrSwap";
import type { OutputSink, Run, RunState } from "../../../src/run/run";
import { resumeRuns } from "../../../src/run/resumeRuns";
import { RunRecords } from "../../../src/run/runRecords";
import { RunService } from "../../../src/run/runService";
import { ShellService } from "../../../src/run/program/shellService";
import { launchers, type Launcher } from "../../../src/run/target/launchers";
import { targetOf, type RunTarget } from "../../../src/run/target/target";
import { Custody } from "../../../src/sandboxes/ownership/custody";
import { EnvVault } from "../../../src/sandboxes/ownership/envVault";
import { Activity } from "../../../src/sandboxes/metrics/activity";
import { CostMeter } from "../../../src/sandboxes/costs/costMeter";
import { SpendingGuard, type Guard } from "../../../src/sandboxes/costs/guard";
import type { Limits } from "../../../src/sandboxes/costs/limits";
import { Spending } from "../../../src/sandboxes/costs/spending";
import { refreshSandboxes } from "../../../src/sandboxes/refresh";
import { SandboxService } from "../../../src/sandboxes/sandboxService";
import { SandboxStore } from "../../../src/sandboxes/sandboxStore";
import { Snapshots } from "../../../src/sandboxes/snapshots/snapshots";
import { SnapshotService } from "../../../src/sandboxes/snapshots/snapshotService";
import { scopeOf } from "../../../src/sandboxes/scope";
import type { Conflict, ProtectedCopy } from "../../../src/sync/pull/pullMessages";
import { Puller } from "../../../src/sync/pull/puller";
import { Pusher } from "../../../src/sync/push/push";
import { SyncThread } from "../../../src/sync/worker/syncThread";
import { memento, secretStore, silentLog } from "../../unit/support/fakes";

export interface ServicesOptions {
  /** What a run does where its GPU is not to be had, other than fail. */
  readonly offerOther?: OfferOther;
  /** Added to the local backend's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly createDeadlineMs?: number;
  readonly guard?: Guard;
  /** Hard limits, which are kept instead of asking `guard`. */
  readonly limits?: () => Limits;
  readonly clock?: Clock;
  readonly keepsExitSnapshots?: boolean;
  /** The system's keyring, for the values of variables. */
  readonly vaultSecrets?: SecretStore;
  /** Shared with other services, as the windows of an installation share one; else one of their own. */
  readonly custodyFolder?: string;
  readonly runsAtOnce?: boolean;
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
  readonly custody?: Custody;
}

const noLimits: Limits = { dollarsPerHour: 0, dollarsPerDay: 0, sandboxes: 0 };

const unguarded: Guard = { admit: (_candidate, record) => record() };

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
  custodyFolder,
  account,
  vaultSecrets = secretStore(),
  guard = unguarded,
  limits,
  clock = { now: () => Date.now() },
  keepsExitSnapshots = false,
  offerOther,
  runsAtOnce = true,
  sharesOutputs = false,
  folder: openFolder,
}: ServicesOptions) {
  const home = await mkdtemp(join(tmpdir(), "services-"));
  const folder = openFolder ?? join(home, "folder");
  const stateDir = join(home, "state");
  await mkdir(folder, { recursive: true });
  const own = new DisposableStore();
  const log = silentLog;
  const session = own.add(
    new SessionService({
      secrets: secretStore(),
      memento: memento(),
      env: account ? { MODAL_TOKEN_ID: account.tokenId, MODAL_TOKEN_SECRET: account.tokenSecret } : {},
      homeDir: home,
      log,
    }),
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
  const images = new ImageGateway(connection);
  const gateway = new SandboxGateway(connection, images, () => "", log);
  const exec = new ExecGateway(connection);
  const store = own.add(new SandboxStore());
  const vault = new EnvVault(vaultSecrets, log);
  const newCustody = (lockWaitMs?: number) => {
    const options = {
      ...{ folder: custodyFolder ?? join(home, "custody"), hostName: "here", vault, clock, log },
      scope: () => scopeOf(session.current, settings(), "local"),
    };
    return own.add(new Custody({ ...options, ...(lockWaitMs !== undefined && { lockWaitMs }) }));
  };
  const custody = newCustody();
  const rates = { current: listRates };
  const meter = own.add(
    new CostMeter({
      ...{
        store,
        rates,
        clock,
        log,
        activity: own.add(new Activity(exec, clock)),
        scope: () => custody.scope,
        isFree: () => false,
      },
      usage: new UsageGateway(connection),
      spending: new Spending(custodyFolder ?? join(home, "custody")),
    }),
  );
  const spendingGuard = new SpendingGuard({
    ...{ store, meter, rates, clock },
    limits: () => ({ soft: noLimits, hard: limits?.() ?? noLimits }),
    refresh: () => refresh(),
    journal: () => custody.entries(),
    livingWindows: () => custody.livingWindows(),
    exclusively: (work) => custody.exclusively(work),
    approve: () => Promise.resolve(false),
  });
  const kept = own.add(new Snapshots(custodyFolder ?? join(home, "custody"), vault, clock));
  const sandboxes = new SandboxService({
    gateway,
    store,
    custody,
    guard: limits ? spendingGuard : guard,
    clock,
    log,
    keepsExitSnapshots: () => keepsExitSnapshots,
    ...(createDeadlineMs !== undefined && { createDeadlineMs: () => createDeadlineMs }),
  });
  const workerFile = resolve("dist/syncWorker.mjs");
  const thread = own.add(new SyncThread({ workerFile, baselineFolder: join(home, "baselines") }));
  const conflicts: Conflict[] = [];
  const copies: ProtectedCopy[] = [];
  const puller = new Puller({
    thread,
    settings: () => ({ patterns: ["**"], maxBytes: 20_000_000, maxFiles: 1000 }),
    approve: () => Promise.resolve(false),
    onConflicts: (_root, found) => conflicts.push(...found),
    onCopies: (_root, found) => copies.push(...found),
  });
  const pusher = own.add(new Pusher({ thread }));
  const records = new RunRecords(custodyFolder ?? join(home, "custody"), vault);
  const runs = own.add(
    new RunService({
      sandboxes,
      records,
      runsAtOnce: () => runsAtOnce,
      runsFolder: () => "runs",
      sharesOutputs: () => sharesOutputs,
      ...(offerOther && { offerOther }),
      exec,
      notices: (signal) => gateway.notices(signal),
      clock,
      rates: { current: listRates },
      log,
      pusher,
      puller,
    }),
  );
  const shells = own.add(new ShellService({ exec, folder: custodyFolder ?? join(home, "custody"), clock, log }));
  own.add(resumeRuns({ sandboxes: store, services: [runs, shells], log }));
  await session.resolve(!account);

  /** Another window of the same installation on the same server. */
  const snapshotsOf = (service: SandboxService, seen: SandboxStore, theirs: Custody) =>
    new SnapshotService({
      gateway: new SnapshotGateway(connection),
      sandboxes: service,
      store: seen,
      snapshots: kept,
      custody: theirs,
      clock,
      log,
    });
  const snapshots = snapshotsOf(sandboxes, store, custody);
  const openWindow = ({ folders = [], lockWaitMs, custody: theirs = newCustody(lockWaitMs) }: WindowOptions = {}) => {
    const seen = own.add(new SandboxStore());
    const service = new SandboxService({ gateway, store: seen, custody: theirs, guard: unguarded, clock, log });
    const theirSnapshots = snapshotsOf(service, seen, theirs);
    const refreshing = {
      ...{ gateway, store: seen, custody: theirs, service, snapshots: theirSnapshots },
      ...{ folders: () => folders, clock, log },
    };
    return {
      store: seen,
      sandboxes: service,
      snapshots: theirSnapshots,
      custody: theirs,
      refresh: () => refreshSandboxes(refreshing, AbortSignal.timeout(20_000)),
    };
  };
  const refresh = async () => {
    const folders = () => [folder];
    const refreshing = { gateway, store, custody, service: sandboxes, snapshots, folders, clock, log };
    const listedAt = clock.now();
    await refreshSandboxes(refreshing, AbortSignal.timeout(20_000));
    await meter.settle(AbortSignal.timeout(20_000), listedAt);
  };
  return {
    openWindow,
    meter,
    custody,
    snapshots,
    kept,
    refresh,
    session,
    localBackend,
    connection,
    images,
    gateway,
    exec,
    store,
    sandboxes,
    runs,
    records,
    shells,
    puller,
    pusher,
    thread,
    conflicts,
    copies,
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
    const over = this.#run.over.then((state) => {
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
  const state = await run.over;
  if (state.kind === "ended") return state.exitCode;
  throw new Error(describe(state));
}

const describe = (state: RunState): string =>
  state.kind === "failed" ? `failed: ${messageOf(state.error)}` : JSON.stringify(state);
