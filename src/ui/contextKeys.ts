import { commands } from "vscode";
import type { Session } from "../auth/session";
import { DisposableStore, type Disposable } from "../base/disposable";
import type { Event } from "../base/event";
import { isOrphan, isRunning, type Sandbox } from "../sandboxes/sandbox";
import type { SandboxChange } from "../sandboxes/sandboxStore";

/** What the `when` clauses in package.json know of the extension. */
export interface ContextKeys {
  "modalSandboxes.session": Session["kind"];
  "modalSandboxes.hasRunning": boolean;
  /** Whether the list was fetched for this session: until then nobody can say that it is empty. */
  "modalSandboxes.isListed": boolean;
  /** Whether sandboxes run that this installation made and no window holds. */
  "modalSandboxes.hasOrphans": boolean;
  "modalSandboxes.orphansListed": boolean;
  "modalSandboxes.runsListed": boolean;
  "modalSandboxes.snapshotsListed": boolean;
  "modalSandboxes.volumesListed": boolean;
  "modalSandboxes.secretsListed": boolean;
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
  const last = new Map<keyof ContextKeys, boolean>();
  const set = (key: "modalSandboxes.hasRunning" | "modalSandboxes.hasOrphans", value: boolean) => {
    if (value !== last.get(key)) setContextKey(key, value);
    last.set(key, value);
  };
  const setCounts = () => {
    set("modalSandboxes.hasRunning", sandboxes.all.some(isRunning));
    set("modalSandboxes.hasOrphans", sandboxes.all.some(isOrphan));
  };

  own.add(session.onDidChangeSession(setSession));
  own.add(sandboxes.onDidChangeSandboxes(setCounts));
  setSession();
  setCounts();
  return own;
}

export function setContextKey<K extends keyof ContextKeys>(key: K, value: ContextKeys[K]): void {
  // VS Code's own command: it does not fail, and nothing waits for it.
  void commands.executeCommand("setContext", key, value);
}
