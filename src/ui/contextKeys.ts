import { commands, workspace } from "vscode";
import type { Session } from "../auth/session";
import { DisposableStore, type Disposable } from "../base/disposable";
import type { Event } from "../base/event";
import type { Sandbox } from "../sandboxes/sandbox";
import type { SandboxChange } from "../sandboxes/sandboxStore";
import type { Snapshot } from "../sandboxes/snapshots/snapshots";
import { sandboxKeys, sessionKeys, type SandboxKeys, type SessionKeys } from "./contextValues";

/** What the `when` clauses in package.json know about the extension. A key that is not set yet counts as false. */
export interface ContextKeys extends SessionKeys, SandboxKeys {
  /** The file in the active editor runs without a question about how. */
  "modalSandboxes.canRunLanguage": boolean;
  /** The language ids and extensions of files that the Explorer offers to run. */
  "modalSandboxes.runnableFiles": readonly string[];
  /** The list was fetched for this session: until then an empty list says nothing. */
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

/** Keeps the session's keys true. Call it once the session is resolved, or the view flashes "signed out". */
export function keepSessionKeys(session: SessionSource): Disposable {
  const own = new DisposableStore();
  const keepSession = keeper(() => sessionKeys(session.current, workspace.isTrusted));
  own.add(session.onDidChangeSession(keepSession));
  own.add(workspace.onDidGrantWorkspaceTrust(keepSession));
  keepSession();
  return own;
}

/** Keeps the keys true that say what there is to act on. */
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
  // VS Code's own command: it does not fail, and nothing waits for it.
  void commands.executeCommand("setContext", key, value);
}
