import { commands } from "vscode";
import type { Session } from "../auth/session";
import { DisposableStore, type Disposable } from "../base/disposable";
import type { Event } from "../base/event";
import { isRunning, type Sandbox } from "../sandboxes/sandbox";
import type { SandboxChange } from "../sandboxes/sandboxStore";

/** What the `when` clauses in package.json know of the extension. */
interface ContextKeys {
  "modalSandboxes.session": Session["kind"];
  "modalSandboxes.hasRunning": boolean;
  /** Whether the list was fetched for this session: until then nobody can say that it is empty. */
  "modalSandboxes.isListed": boolean;
}

export interface ContextKeySources {
  readonly session: { readonly current: Session; readonly onDidChangeSession: Event<Session> };
  readonly sandboxes: { readonly all: readonly Sandbox[]; readonly onDidChangeSandboxes: Event<SandboxChange> };
}

/** Keeps the keys true from now on. Call it once the session is resolved, or the view flashes "signed out". */
export function keepContextKeys({ session, sandboxes }: ContextKeySources): Disposable {
  const own = new DisposableStore();
  const setSession = () => {
    setContextKey("modalSandboxes.session", session.current.kind);
  };
  let hasRunning: boolean | undefined;
  const setHasRunning = () => {
    const value = sandboxes.all.some(isRunning);
    if (value !== hasRunning) setContextKey("modalSandboxes.hasRunning", value);
    hasRunning = value;
  };

  own.add(session.onDidChangeSession(setSession));
  own.add(sandboxes.onDidChangeSandboxes(setHasRunning));
  setSession();
  setHasRunning();
  return own;
}

export function setContextKey<K extends keyof ContextKeys>(key: K, value: ContextKeys[K]): void {
  // VS Code's own command: it does not fail, and nothing waits for it.
  void commands.executeCommand("setContext", key, value);
}
