import type { ExtensionContext, LogOutputChannel, TerminalProfile } from "vscode";
import type { SessionService } from "../auth/session";
import type { DisposableStore } from "../base/disposable";
import { closeWindow } from "../sandboxes/ownership/closing";
import { createServices } from "../services/services";
import { followSettings } from "./account/followSettings";
import { windowCommands } from "./commands/commands";
import type { CommandTable } from "./commands/register";
import { keepSandboxKeys } from "./contextKeys";
import { CostWatch } from "./costs/costWatch";
import type { ReportError } from "./errorReporter";
import type { TaskSource } from "./runs/runTasks";
import { RunWatch } from "./runs/runWatch";
import { askAboutClosing } from "./sandboxes/closeQuestion";
import { watchEndings } from "./sandboxes/endingNotice";
import { watchOrphans } from "./sandboxes/orphanNotice";
import { SandboxPicker } from "./sandboxes/pickSandbox";
import { shellProfile } from "./sandboxes/shell";
import { serviceOptions } from "./serviceOptions";
import { onWindowClose } from "./settings";
import { startWindow } from "./startWindow";
import { watchSaves } from "./sync/syncOnSave";
import { SyncPreviews } from "./sync/syncPreviews";
import { createTerminals } from "./terminals/terminals";
import type { LateTrees } from "./views/lateTrees";
import { createViews } from "./views/views";

export interface WindowOptions {
  readonly context: ExtensionContext;
  readonly session: SessionService;
  readonly trees: LateTrees;
  /** The ids of all commands in package.json. */
  readonly commandIds: readonly string[];
  readonly extensionVersion: string;
  /** Aborts before the window closes. */
  readonly closing: AbortSignal;
  readonly log: LogOutputChannel;
  readonly report: ReportError;
}

/** The parts of the services that VS Code's UI uses. */
export interface Window {
  readonly commands: CommandTable;
  readonly loadTasks: () => Promise<TaskSource>;
  readonly shellProfile: () => Promise<TerminalProfile | undefined>;
  /** Keeps, pauses or terminates the sandboxes, as the setting for closing windows says. */
  readonly close: (signal: AbortSignal) => Promise<void>;
}

/** Builds the services and hands them to the UI. Contacts Modal only if earlier windows left something to resume. */
export function openWindow(own: DisposableStore, options: WindowOptions): Window {
  const { context, session, trees, log, report } = options;
  const services = { ...createServices(own, serviceOptions(context, session, log, report)), trees };
  const { store, kept, runs, rates, clock } = services;

  const terminals = createTerminals(own, services, report);
  const loadWatching = async () =>
    new (await import("./watching")).Watching({
      ...services,
      ...terminals,
      extensionUri: context.extensionUri,
      report,
    });
  const watch = own.add(new RunWatch({ runs, load: loadWatching, report }));
  const views = createViews(own, services, watch);
  followSettings(own, { ...services, ...views });

  const ui = {
    ...options,
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
  };
  own.add(keepSandboxKeys({ sandboxes: store, snapshots: kept }));
  own.add(new CostWatch(ui));
  own.add(watchSaves(ui));
  own.add(watchOrphans(store, rates));
  own.add(watchEndings(store, clock));
  own.add(askAboutClosing(store, session));
  startWindow(ui);

  return {
    commands: windowCommands(ui),
    loadTasks: async () => (await import("./commands/later")).laterTasks(ui),
    shellProfile: () => shellProfile(ui),
    close: (signal) => closeWindow(session.current.kind === "signedIn" ? onWindowClose() : "keep", services, signal),
  };
}
