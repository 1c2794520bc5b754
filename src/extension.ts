import { randomUUID } from "node:crypto";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { commands, window, workspace, type ExtensionContext } from "vscode";
import { SessionService } from "./auth/session";
import { abortable, Lazy } from "./base/async";
import { DisposableStore } from "./base/disposable";
import { messageOf } from "./base/errors";
import { AccountService } from "./modal/account";
import { Connection } from "./modal/connection";
import { ExecGateway } from "./modal/exec";
import { ImageGateway } from "./modal/images";
import { LocalBackend } from "./modal/localBackend";
import { ProxyEnvironment } from "./modal/proxy";
import { RatesService } from "./modal/ratesService";
import { SandboxGateway } from "./modal/sandboxes";
import { SecretGateway } from "./modal/secrets";
import { UsageGateway } from "./modal/usage";
import { VolumeGateway } from "./modal/volumes";
import { SnapshotGateway } from "./modal/snapshots";
import type { OfferOther } from "./run/createOrSwap";
import { resumeRuns } from "./run/resumeRuns";
import { RunRecords } from "./run/runRecords";
import { RunService } from "./run/runService";
import { ShellService } from "./run/program/shellService";
import { SweepRecords } from "./run/sweep/sweepRecords";
import { UnsyncedOutputs } from "./run/unsynced";
import { closeWindow } from "./sandboxes/ownership/closing";
import { Custody } from "./sandboxes/ownership/custody";
import { SyncOnSave } from "./run/syncOnSave";
import { Activity } from "./sandboxes/metrics/activity";
import { CostMeter } from "./sandboxes/costs/costMeter";
import { EnvVault } from "./sandboxes/ownership/envVault";
import { SpendingGuard } from "./sandboxes/costs/guard";
import { clearEnded, refreshSandboxes } from "./sandboxes/refresh";
import { SandboxService } from "./sandboxes/sandboxService";
import { SandboxStore } from "./sandboxes/sandboxStore";
import { scopeOf } from "./sandboxes/scope";
import { Snapshots } from "./sandboxes/snapshots/snapshots";
import { Spending } from "./sandboxes/costs/spending";
import { SnapshotService } from "./sandboxes/snapshots/snapshotService";
import { Puller } from "./sync/pull/puller";
import { Pusher } from "./sync/push/push";
import { SyncThread } from "./sync/worker/syncThread";
import { TunnelService } from "./sandboxes/tunnelService";
import { SandboxPicker } from "./ui/sandboxes/pickSandbox";
import { generalCommands } from "./ui/commands/general";
import { loadedOnUse } from "./ui/commands/loadedOnUse";
import { registerCommands } from "./ui/commands/register";
import { sandboxCommands } from "./ui/sandboxes/sandboxes";
import { sectionCommands } from "./ui/sandboxes/sections";
import { registerShellProfile, shellCommands } from "./ui/sandboxes/shell";
import { syncCommands } from "./ui/sync/sync";
import { tunnelCommands } from "./ui/sandboxes/tunnels";
import { askAboutClosing } from "./ui/sandboxes/closeQuestion";
import { keepContextKeys } from "./ui/contextKeys";
import { watchEndings } from "./ui/sandboxes/endingNotice";
import { CostWatch } from "./ui/costs/costWatch";
import { registerCellLenses } from "./ui/runs/cellLenses";
import { keepRunnableKeys } from "./ui/runs/runnableEditor";
import { createErrorReporter } from "./ui/errorReporter";
import { approveAboveLimit } from "./ui/costs/limitQuestions";
import { watchOrphans } from "./ui/sandboxes/orphanNotice";
import { RunWatch } from "./ui/runs/runWatch";
import { approvePull, offerConflicts, offerCopies } from "./ui/sync/pullQuestions";
import { approvePush } from "./ui/sync/pushQuestions";
import {
  appName,
  environmentName,
  keepsExitSnapshots,
  machineWaitMs,
  onTerminalClose,
  onWindowClose,
  proxySettings,
  pullSettings,
  runsAtOnce,
  runsFolder,
  sharesOutputs,
  spendingLimits,
  syncCompression,
  usesLocalBackend,
} from "./ui/settings";
import { watchSaves } from "./ui/sync/syncOnSave";
import { registerTasks } from "./ui/runs/taskProvider";
import { BuildTerminals } from "./ui/terminals/buildTerminals";
import { RunTerminals } from "./ui/terminals/runTerminals";
import { ShellTerminals } from "./ui/terminals/shellTerminals";
import { SandboxesView } from "./ui/views/sandboxesView";
import { orphanSection } from "./ui/views/sections/orphanSection";
import { SectionView } from "./ui/views/sections/sectionView";
import { secretSection, volumeSection } from "./ui/views/sections/storageSections";
import { pastRunSection } from "./ui/views/sections/pastRunSection";
import { snapshotSection } from "./ui/views/sections/snapshotSection";
import { SyncPreviews } from "./ui/sync/syncPreviews";

/**
 * Builds the services in rank order and connects them. Contacts nobody: that waits for the first use. Nor does it wait
 * for VS Code's secrets, which come late while a window starts: what needs the session waits for it.
 */
export function activate(context: ExtensionContext): void {
  const own = new DisposableStore();
  const clock = { now: () => Date.now() };
  const log = own.add(window.createOutputChannel("Modal Sandboxes", { log: true }));
  const report = createErrorReporter(log);

  const session = own.add(
    new SessionService({
      secrets: context.secrets,
      memento: context.globalState,
      env: process.env,
      homeDir: homedir(),
      log,
    }),
  );
  const resolveSession = async () => session.resolve(workspace.isTrusted && usesLocalBackend());
  const resolved = new Lazy(async () => {
    if (workspace.isTrusted) await resolveSession();
  });
  const ready = () => resolved.get();
  const isFree = () => session.current.kind === "local";
  const localBackend = own.add(
    new LocalBackend({
      program: context.asAbsolutePath("dist/local.js"),
      stateDir: join(context.globalStorageUri.fsPath, "local"),
      env: process.env,
      log,
    }),
  );
  const proxy = own.add(new ProxyEnvironment(process.env));
  proxy.apply(proxySettings());
  const settings = () => ({ appName: appName(), environment: environmentName() });
  const connection = own.add(new Connection({ session, localBackend, settings, log }));
  const images = new ImageGateway(connection);
  const gateway = new SandboxGateway(connection, images, environmentName, log);
  const exec = new ExecGateway(connection);
  const activity = own.add(new Activity(exec, clock));
  const volumes = new VolumeGateway(connection, environmentName, clock);
  const secrets = new SecretGateway(connection, environmentName, clock);
  const account = own.add(new AccountService(connection, environmentName, log));
  const rates = own.add(new RatesService(connection, clock, log));

  const store = own.add(new SandboxStore());
  const localId = randomUUID();
  const scope = () => scopeOf(session.current, settings(), localId);
  const vault = new EnvVault(context.secrets, log);
  const custody = own.add(
    new Custody({
      folder: context.globalStorageUri.fsPath,
      hostName: hostname(),
      scope,
      vault,
      clock,
      log,
    }),
  );
  const meter = own.add(
    new CostMeter({
      store,
      usage: new UsageGateway(connection),
      activity,
      spending: new Spending(context.globalStorageUri.fsPath),
      rates,
      scope,
      isFree,
      clock,
      log,
    }),
  );
  const guard = new SpendingGuard({
    store,
    meter,
    rates,
    limits: spendingLimits,
    refresh: (signal) => refresh(signal),
    journal: () => custody.entries(),
    livingWindows: () => custody.livingWindows(),
    exclusively: (work) => custody.exclusively(work),
    approve: approveAboveLimit,
    clock,
  });
  const creation = { keepsExitSnapshots, createDeadlineMs: machineWaitMs };
  const sandboxes = new SandboxService({ gateway, store, custody, guard, clock, log, ...creation });
  const folders = () => (workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
  const kept = own.add(new Snapshots(context.globalStorageUri.fsPath, vault, clock));
  const snapshots = new SnapshotService({
    gateway: new SnapshotGateway(connection),
    sandboxes,
    store,
    snapshots: kept,
    custody,
    clock,
    log,
  });
  const refreshing = { gateway, store, custody, service: sandboxes, snapshots, folders, clock, log };
  const refresh = async (signal: AbortSignal) => {
    const listedAt = clock.now();
    await Promise.all([refreshSandboxes(refreshing, signal), account.refresh(signal), rates.refresh(signal)]);
    await meter.settle(signal, listedAt);
  };
  const tunnels = new TunnelService(gateway, store);
  const syncThread = own.add(
    new SyncThread({
      workerFile: context.asAbsolutePath("dist/syncWorker.mjs"),
      baselineFolder: join(context.globalStorageUri.fsPath, "baselines"),
    }),
  );
  const pusher = own.add(
    new Pusher({
      thread: syncThread,
      approve: approvePush,
      compression: () => syncCompression(isFree()),
    }),
  );
  const puller = new Puller({
    thread: syncThread,
    settings: pullSettings,
    approve: approvePull,
    onConflicts: (root, conflicts, from) => {
      offerConflicts(root, conflicts, from).catch(report);
    },
    onCopies: (root, copies) => {
      offerCopies(root, copies).catch(report);
    },
  });
  const notices = (signal: AbortSignal) => gateway.notices(signal);
  const offerOther: OfferOther = async (spec) => (await import("./ui/commands/later")).laterOffer(rates)(spec);
  const records = new RunRecords(context.globalStorageUri.fsPath, vault);
  const sweeps = new SweepRecords(context.workspaceState, vault, log);
  const runs = own.add(
    new RunService({
      ...{ sandboxes, offerOther, exec, pusher, puller, notices, clock, rates, log },
      records,
      runsAtOnce,
      runsFolder,
      sharesOutputs,
    }),
  );

  const watch = own.add(
    new RunWatch({
      runs,
      load: async () =>
        new (await import("./ui/watching")).Watching({
          ...{ exec, store, runs, activity, tunnels, clock, log, report, isFree },
          thread: syncThread,
          extensionUri: context.extensionUri,
          runOf: (terminal) => terminals.runOf(terminal),
          showRun: (run) => {
            terminals.show(run);
          },
        }),
      report,
    }),
  );
  own.add(
    new CostWatch({
      ...{ meter, rates, account, store, sandboxes, runs, activity, refresh, clock, log, report },
      metrics: () => watch.metrics(),
      memento: context.globalState,
    }),
  );

  const syncOnSave = own.add(new SyncOnSave({ sandboxes: store, pusher, runs, report }));
  own.add(watchSaves(syncOnSave, log));

  const terminals = own.add(new RunTerminals({ isFree, onTerminalClose, clock, log }));
  own.add(
    runs.onDidResumeRun((run) => {
      if (!run.isBackground) terminals.open([run]);
    }),
  );
  const shells = own.add(new ShellService({ exec, folder: context.globalStorageUri.fsPath, clock, log }));
  const shellTerminals = own.add(new ShellTerminals(shells, log));
  own.add(resumeRuns({ sandboxes: store, services: [runs, shells], log }));
  const builds = own.add(new BuildTerminals(images.onDidStartBuild));
  const picker = new SandboxPicker(store, clock);
  const previews = own.add(new SyncPreviews());
  const shell = { shells, terminals: shellTerminals, picker };
  const rowSources = { session, clock, rates, activity, meter };
  const view = own.add(
    new SandboxesView({
      ...rowSources,
      sandboxes: store,
      runs,
      snapshots: kept,
      meters: watch,
      account,
      records: custody,
      log,
      refresh,
    }),
  );
  const sections = [
    own.add(new SectionView(orphanSection(store, rowSources), { session, log })),
    own.add(new SectionView(pastRunSection(records, clock), { session, log })),
    own.add(new SectionView(snapshotSection(kept, scope, clock), { session, log })),
    own.add(new SectionView(volumeSection(volumes, clock), { session, log })),
    own.add(new SectionView(secretSection(secrets, clock), { session, log })),
  ];
  const manifest = context.extension.packageJSON as Manifest;
  const comparisons = () => watch.comparisons();
  const closing = new AbortController();
  const running = { runs, thread: syncThread, state: context.workspaceState, rates };
  const loadLater = async () =>
    (await import("./ui/commands/later")).laterCommands({
      account: { session, account, variables: process.env, log },
      costs: { meter, rates, account, clock, activity },
      create: { sandboxes, rates },
      images: { images, builds },
      run: { ...running, terminals, records, picker, secrets: context.secrets },
      runHistory: { runs, records, terminals },
      compare: { runs, records, comparisons },
      sweep: {
        ...running,
        sweeps,
        secrets: context.secrets,
        offerOther,
        sandboxes,
        custody,
        store,
        records,
        meter,
        refresh,
        closing: closing.signal,
        clock,
        log,
        comparisons,
      },
      volumes,
      secrets,
      download: { puller, exec, picker, log },
      syncPreview: { thread: syncThread, exec, picker, previews },
      lifecycle: { sandboxes, snapshots, store, picker, activity, clock, rates },
      snapshots: { snapshots, kept, scope, clock, rates, nameOf: ({ key }) => store.get(key)?.name },
      check: { session, connection, account, proxy, sandboxes, exec, rates, extensionVersion: manifest.version },
    });
  const eager = [
    syncCommands({ runs, picker, log }),
    tunnelCommands({ tunnels, picker }),
    shellCommands(shell),
    sandboxCommands({
      sandboxes,
      store,
      runs,
      unsynced: new UnsyncedOutputs({ exec, thread: syncThread, puller, settings: pullSettings }),
      picker,
      clock,
      refresh: () => view.refresh(),
      clearEnded: () => {
        clearEnded(store);
      },
    }),
    sectionCommands(sections),
    generalCommands(context.extension.id, log),
  ];
  const known = new Set(eager.flatMap((table) => Object.keys(table)));
  const later = manifest.contributes.commands.map(({ command }) => command).filter((id) => !known.has(id));
  own.add(registerCommands([...eager, loadedOnUse(later, loadLater)], ready, report));
  own.add(
    registerTasks(async () => {
      await ready();
      return (await import("./ui/commands/later")).laterTasks({ runs, terminals, thread: syncThread });
    }),
  );
  own.add(registerCellLenses());
  own.add(keepRunnableKeys());
  own.add(registerShellProfile(shell, ready, report));

  const forgetAll = () => {
    store.apply({ put: [], removeKeys: store.all.map(({ key }) => key) });
    account.forget();
    rates.forget();
  };
  own.add(
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("modalSandboxes.backend")) void resolveSession();
      if (change.affectsConfiguration("http")) {
        proxy.apply(proxySettings());
        connection.reopen();
      }
      if (["environment", "appName"].some((key) => change.affectsConfiguration(`modalSandboxes.${key}`))) {
        forgetAll();
        view.startOver();
      }
    }),
  );
  own.add(session.onDidChangeSession(forgetAll));
  own.add(workspace.onDidGrantWorkspaceTrust(resolveSession));
  own.add(watchOrphans(store, rates));
  own.add(watchEndings(store, clock));
  own.add(askAboutClosing(store, session));
  active.set(own, (signal) => {
    closing.abort();
    return closeWindow(
      session.current.kind === "signedIn" ? onWindowClose() : "keep",
      { sandboxes, snapshots, store, custody, log },
      signal,
    );
  });
  const start = async () => {
    await ready();
    own.add(keepContextKeys({ session, sandboxes: store, snapshots: kept }));
    const hasSweeps = sweeps.all.length > 0;
    // It reports by itself, and lasts as long as the sweeps that it goes on with.
    if (workspace.isTrusted && session.current.kind !== "signedOut" && hasSweeps)
      void commands.executeCommand("modalSandboxes.continueSweep", false);
    if (!workspace.isTrusted || session.current.kind !== "signedIn") return;
    if (await custody.hasAbandoned()) await view.refresh();
    // The window before this one may still be closing.
    if (await custody.whenReleased(folders(), closing.signal)) await view.refresh();
  };
  start().catch((error: unknown) => {
    if (!closing.signal.aborted) log.warn(`What closed windows left: ${messageOf(error)}`);
  });
}

/** What is read of our own package.json. */
interface Manifest {
  readonly version: string;
  readonly contributes: { readonly commands: readonly { readonly command: string }[] };
}

/** What is to be closed, with what to do before: VS Code calls `deactivate` without a word of what was activated. */
const active = new Map<DisposableStore, (signal: AbortSignal) => Promise<void>>();

/** VS Code waits five seconds at most. */
const CLOSE_MS = 4000;

/** Does with the sandboxes what the user decided for closing windows, as far as the time goes. */
export async function deactivate(): Promise<void> {
  const signal = AbortSignal.timeout(CLOSE_MS);
  for (const [own, close] of active) {
    active.delete(own);
    await abortable(close(signal), signal).catch(() => undefined);
    own.dispose();
  }
}
