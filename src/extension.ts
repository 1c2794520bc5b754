import { homedir } from "node:os";
import { join } from "node:path";
import { window, workspace, type ExtensionContext } from "vscode";
import { SessionService } from "./auth/session";
import { DisposableStore } from "./base/disposable";
import { Connection } from "./modal/connection";
import { ExecGateway } from "./modal/exec";
import { LocalBackend } from "./modal/localBackend";
import { SandboxGateway } from "./modal/sandboxes";
import { RunService } from "./run/runService";
import { clearEnded, refreshSandboxes } from "./sandboxes/refresh";
import { SandboxService } from "./sandboxes/sandboxService";
import { SandboxStore } from "./sandboxes/sandboxStore";
import { Puller } from "./sync/puller";
import { Pusher } from "./sync/push";
import { SyncThread } from "./sync/syncThread";
import { TunnelService } from "./tunnels/tunnelService";
import { accountCommands } from "./ui/commands/account";
import { createCommands } from "./ui/commands/create";
import { downloadCommands } from "./ui/commands/download";
import { SandboxPicker } from "./ui/commands/pickSandbox";
import { generalCommands } from "./ui/commands/general";
import { registerCommands } from "./ui/commands/register";
import { runCommands } from "./ui/commands/run";
import { sandboxCommands } from "./ui/commands/sandboxes";
import { shellCommands, shellProfile } from "./ui/commands/shell";
import { syncCommands } from "./ui/commands/sync";
import { syncExplainCommands } from "./ui/commands/syncExplain";
import { tunnelCommands } from "./ui/commands/tunnels";
import { keepContextKeys } from "./ui/contextKeys";
import { createErrorReporter } from "./ui/errorReporter";
import { approvePull, offerConflicts } from "./ui/pullQuestions";
import { approvePush } from "./ui/pushQuestions";
import { appName, environmentName, pullSettings, usesLocalBackend } from "./ui/settings";
import { RunTerminals } from "./ui/terminals/runTerminals";
import { SandboxesView } from "./ui/views/sandboxesView";

/** Builds the services in rank order and connects them. Contacts nobody: that waits for the first use. */
export async function activate(context: ExtensionContext): Promise<void> {
  const own = new DisposableStore();
  context.subscriptions.push(own);
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
  const localBackend = own.add(
    new LocalBackend({
      program: context.asAbsolutePath("dist/local.js"),
      stateDir: join(context.globalStorageUri.fsPath, "local"),
      env: process.env,
      log,
    }),
  );
  const settings = () => ({ appName: appName(), environment: environmentName() });
  const connection = own.add(new Connection({ session, localBackend, settings, log }));
  const gateway = new SandboxGateway(connection, environmentName, log);
  const exec = new ExecGateway(connection);

  const store = own.add(new SandboxStore());
  const sandboxes = new SandboxService({ gateway, store, clock, log });
  const refresh = (signal: AbortSignal) => refreshSandboxes(gateway, store, clock, signal);
  const tunnels = new TunnelService(gateway, store);
  const baselineFolder = join(context.globalStorageUri.fsPath, "baselines");
  const syncThread = own.add(new SyncThread({ baselineFolder }));
  const pusher = own.add(new Pusher({ thread: syncThread, approve: approvePush }));
  const puller = new Puller({
    baselineFolder,
    settings: pullSettings,
    approve: approvePull,
    onConflicts: (root, conflicts) => {
      offerConflicts(root, conflicts).catch(report);
    },
  });
  const notices = (signal: AbortSignal) => gateway.notices(signal);
  const runs = own.add(new RunService({ sandboxes, exec, pusher, puller, notices, clock, log }));

  const terminals = own.add(new RunTerminals(() => session.current.kind === "local", log));
  const picker = new SandboxPicker(store, clock);
  const shell = { exec, picker, log };
  const view = own.add(new SandboxesView({ sandboxes: store, runs, session, clock, log, refresh }));
  own.add(
    registerCommands(
      [
        accountCommands({ session, variables: process.env, log }),
        createCommands(sandboxes),
        runCommands({ runs, terminals, state: context.workspaceState }),
        syncCommands({ runs, picker, log }),
        downloadCommands({ puller, exec, picker, log }),
        syncExplainCommands(syncThread),
        tunnelCommands({ tunnels, picker }),
        shellCommands(shell),
        sandboxCommands({
          sandboxes,
          store,
          runs,
          picker,
          clock,
          refresh: () => view.refresh(),
          clearEnded: () => {
            clearEnded(store);
          },
        }),
        generalCommands(context.extension.id, log),
      ],
      report,
    ),
  );
  own.add(
    window.registerTerminalProfileProvider("modalSandboxes.shell", {
      provideTerminalProfile: () => shellProfile(shell),
    }),
  );

  const resolveSession = async () => session.resolve(workspace.isTrusted && usesLocalBackend());
  own.add(
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("modalSandboxes.backend")) void resolveSession();
    }),
  );
  own.add(
    session.onDidChangeSession(() => {
      store.apply({ put: [], removeKeys: store.all.map(({ key }) => key) });
    }),
  );
  own.add(workspace.onDidGrantWorkspaceTrust(resolveSession));
  if (workspace.isTrusted) await resolveSession();
  own.add(keepContextKeys({ session, sandboxes: store }));
}
