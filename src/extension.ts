import { window, type ExtensionContext } from "vscode";
import { abortable } from "./base/async";
import { DisposableStore } from "./base/disposable";
import { closeWindow } from "./sandboxes/ownership/closing";
import { createServices } from "./services/services";
import { followSession } from "./ui/account/followSession";
import { registerAllCommands } from "./ui/commands/commands";
import { CostWatch } from "./ui/costs/costWatch";
import { createErrorReporter } from "./ui/errorReporter";
import { registerCellLenses } from "./ui/runs/cellLenses";
import { keepRunnableKeys } from "./ui/runs/runnableEditor";
import { RunWatch } from "./ui/runs/runWatch";
import { registerTasks } from "./ui/runs/taskProvider";
import { askAboutClosing } from "./ui/sandboxes/closeQuestion";
import { watchEndings } from "./ui/sandboxes/endingNotice";
import { watchOrphans } from "./ui/sandboxes/orphanNotice";
import { SandboxPicker } from "./ui/sandboxes/pickSandbox";
import { registerShellProfile } from "./ui/sandboxes/shell";
import { serviceOptions } from "./ui/serviceOptions";
import { onWindowClose } from "./ui/settings";
import { startWindow } from "./ui/startWindow";
import { watchSaves } from "./ui/sync/syncOnSave";
import { SyncPreviews } from "./ui/sync/syncPreviews";
import { createTerminals } from "./ui/terminals/terminals";
import { createViews } from "./ui/views/views";

/** Builds the services and hands them to the UI. Contacts nobody: that waits for the first use. */
export function activate(context: ExtensionContext): void {
  const own = new DisposableStore();
  const closing = new AbortController();
  const log = own.add(window.createOutputChannel("Modal Sandboxes", { log: true }));
  const report = createErrorReporter(log);
  const services = createServices(own, serviceOptions(context, log, report));
  const { session, store, runs, rates, clock } = services;

  const terminals = createTerminals(own, services);
  const loadWatching = async () =>
    new (await import("./ui/watching")).Watching({
      ...services,
      ...terminals,
      extensionUri: context.extensionUri,
      report,
    });
  const watch = own.add(new RunWatch({ runs, load: loadWatching, report }));
  const views = createViews(own, services, watch);
  const ready = followSession(own, { ...services, ...views });

  const manifest = context.extension.packageJSON as Manifest;
  const ui = {
    ...services,
    ...terminals,
    ...views,
    picker: new SandboxPicker(store, clock),
    previews: own.add(new SyncPreviews()),
    comparisons: () => watch.comparisons(),
    metrics: () => watch.metrics(),
    state: context.workspaceState,
    memento: context.globalState,
    secretStore: context.secrets,
    variables: process.env,
    extensionId: context.extension.id,
    extensionVersion: manifest.version,
    commandIds: manifest.contributes.commands.map(({ command }) => command),
    closing: closing.signal,
    ready,
    report,
    log,
  };
  own.add(registerAllCommands(ui));
  own.add(registerTasks(ui));
  own.add(registerShellProfile(ui, ready, report));
  own.add(registerCellLenses());
  own.add(keepRunnableKeys());
  own.add(new CostWatch(ui));
  own.add(watchSaves(ui));
  own.add(watchOrphans(store, rates));
  own.add(watchEndings(store, clock));
  own.add(askAboutClosing(store, session));

  active.set(own, (signal) => {
    closing.abort();
    return closeWindow(session.current.kind === "signedIn" ? onWindowClose() : "keep", services, signal);
  });
  startWindow(own, ui);
}

/** The parts of our own package.json that activation reads. */
interface Manifest {
  readonly version: string;
  readonly contributes: { readonly commands: readonly { readonly command: string }[] };
}

/** How to close each activation's window before it is disposed: VS Code calls `deactivate` without its context. */
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
