import { commands, workspace } from "vscode";
import type { Session } from "../auth/session";
import { DisposableStore, type Disposable } from "../base/disposable";
import type { Event } from "../base/event";
import type { Sandbox } from "../sandboxes/sandbox";
import type { SandboxChange } from "../sandboxes/sandboxStore";
import type { Snapshot } from "../sandboxes/snapshots/snapshots";
import { sandboxKeys, sessionKeys, type SandboxKeys, type SessionKeys } from "./contextValues";

/** The keys for `when` clauses in package.json. A key that is not set yet counts as false. */
export interface ContextKeys extends SessionKeys, SandboxKeys {
  /** True if the active editor's file can run without asking how. */
  "modalSandboxes.canRunLanguage": boolean;
  /** The language ids and file extensions that the Explorer offers to run. */
  "modalSandboxes.runnableFiles": readonly string[];
  /** True once the list was fetched for this session: until then an empty list means nothing. */
  "modalSandboxes.isListed": boolean;
  "modalSandboxes.orphansListed": boolean;
  "modalSandboxes.runsListed": boolean;
  "modalSandboxes.snapshotsListed": boolean;
  "modalSandboxes.volumesListed": boolean;
  "modalSandboxes.secretsListed": boolean;
}

export interface SessionSource {
  readonly current: Session;
  readonly onDidChangeSession: Event<Session>;
}

export interface SandboxKeySources {
  readonly sandboxes: { readonly all: readonly Sandbox[]; readonly onDidChangeSandboxes: Event<SandboxChange> };
  readonly snapshots: { readonly known: readonly Snapshot[]; readonly onDidChangeSnapshots: Event<readonly string[]> };
}

/** Keeps the session's keys up to date. Call it after the session is resolved, or the view briefly shows "signed out". */
export function keepSessionKeys(session: SessionSource): Disposable {
  const own = new DisposableStore();
  const keepSession = keeper(() => sessionKeys(session.current, workspace.isTrusted));
  own.add(session.onDidChangeSession(keepSession));
  own.add(workspace.onDidGrantWorkspaceTrust(keepSession));
  keepSession();
  return own;
}

/** Keeps the keys up to date that say which kinds of sandboxes and snapshots exist. */
export function keepSandboxKeys({ sandboxes, snapshots }: SandboxKeySources): Disposable {
  const own = new DisposableStore();
  const keepSandboxes = keeper(() => sandboxKeys(sandboxes.all, snapshots.known));
  own.add(sandboxes.onDidChangeSandboxes(keepSandboxes));
  own.add(snapshots.onDidChangeSnapshots(keepSandboxes));
  keepSandboxes();
  return own;
}

export function setContextKey<K extends keyof ContextKeys>(key: K, value: ContextKeys[K]): void {
  set(key, value);
}

/** Sets the keys whose values have changed since the last call. */
function keeper(read: () => SessionKeys | SandboxKeys): () => void {
  const last = new Map<string, unknown>();
  return () => {
    for (const [key, value] of Object.entries(read())) {
      if (last.get(key) === value) continue;
      last.set(key, value);
      set(key, value);
    }
  };
}

function set(key: string, value: unknown): void {
  // This is VS Code's own command: it does not fail, and nothing waits for it.
  void commands.executeCommand("setContext", key, value);
}
