import { homedir } from "node:os";
import { window, workspace, type ExtensionContext } from "vscode";
import { SessionService } from "./auth/session";
import { abortable, Lazy } from "./base/async";
import { DisposableStore } from "./base/disposable";
import { followSession } from "./ui/account/followSession";
import { generalCommands } from "./ui/commands/general";
import { loadedOnUse } from "./ui/commands/loadedOnUse";
import { registerCommands } from "./ui/commands/register";
import { keepSessionKeys } from "./ui/contextKeys";
import { createErrorReporter } from "./ui/errorReporter";
import { registerCellLenses } from "./ui/runs/cellLenses";
import { keepRunnableKeys } from "./ui/runs/runnableEditor";
import { registerTasks } from "./ui/runs/taskProvider";
import { registerShellProfile } from "./ui/terminals/shellProfile";
import { LateTrees } from "./ui/views/lateTrees";
import type { Window } from "./ui/window";

/**
 * Registers what package.json declares. Everything else is in `ui/window.ts`, which is loaded when the user is signed in
 * or first uses the extension.
 */
export function activate(context: ExtensionContext): void {
  const own = new DisposableStore();
  const closing = new AbortController();
  const log = own.add(window.createOutputChannel("Modal Sandboxes", { log: true }));
  const report = createErrorReporter(log);
  const { version, contributes } = context.extension.packageJSON as Manifest;
  const commandIds = contributes.commands.map(({ command }) => command);

  const sources = { secrets: context.secrets, memento: context.globalState, env: process.env, homeDir: homedir() };
  const session = own.add(new SessionService({ ...sources, log }));
  const ready = followSession(own, session);
  let current: Window | undefined;
  const opened = new Lazy(async () => {
    await ready();
    const { openWindow } = await import("./ui/window");
    const options = { context, session, trees, commandIds, extensionVersion: version, closing: closing.signal };
    return (current = openWindow(own, { ...options, log, report }));
  });
  const open = () => {
    opened.get().catch(report);
  };
  const trees = own.add(
    new LateTrees(
      Object.values(contributes.views).flatMap((views) => views.map(({ id }) => id)),
      open,
    ),
  );

  const general = generalCommands(context.extension.id, log);
  const others = commandIds.filter((id) => !(id in general));
  const loaded = loadedOnUse(others, async () => (await opened.get()).commands);
  own.add(registerCommands([general, loaded], ready, report));
  own.add(registerTasks(async () => (await opened.get()).loadTasks()));
  own.add(registerShellProfile(async () => (await opened.get()).shellProfile(), report));
  own.add(registerCellLenses());
  own.add(keepRunnableKeys());

  const openIfSignedIn = () => {
    if (workspace.isTrusted && session.current.kind !== "signedOut") open();
  };
  own.add(session.onDidChangeSession(openIfSignedIn));
  ready().then(() => own.add(keepSessionKeys(session)), report);

  active.set(own, async (signal) => {
    closing.abort();
    await current?.close(signal);
  });
}

/** The properties of our own package.json that activation reads. */
interface Manifest {
  readonly version: string;
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
  };
}

/** Closes the window of each activation before its services are disposed. VS Code calls `deactivate` without a context. */
const active = new Map<DisposableStore, (signal: AbortSignal) => Promise<void>>();

/** VS Code waits at most five seconds. */
const CLOSE_MS = 4000;

/** Pauses, terminates or keeps the sandboxes as the user decided for closing windows, as far as time permits. */
export async function deactivate(): Promise<void> {
  const signal = AbortSignal.timeout(CLOSE_MS);
  for (const [own, close] of active) {
    active.delete(own);
    await abortable(close(signal), signal).catch(() => undefined);
    own.dispose();
  }
}
