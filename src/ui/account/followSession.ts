import { workspace } from "vscode";
import type { SessionService } from "../../auth/session";
import { Lazy } from "../../base/async";
import type { DisposableStore } from "../../base/disposable";
import { usesLocalBackend } from "../settings";

/**
 * Resolves the session when it is first needed, and again when a setting or workspace trust changes. Returns a function
 * that waits for the session. Activation does not wait for it, because VS Code's secrets are slow while a window opens.
 */
export function followSession(own: DisposableStore, session: SessionService): () => Promise<void> {
  const resolve = async () => session.resolve(workspace.isTrusted && usesLocalBackend());
  const resolved = new Lazy(async () => {
    if (workspace.isTrusted) await resolve();
  });
  own.add(
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("modalSandboxes.backend")) void resolve();
    }),
  );
  own.add(workspace.onDidGrantWorkspaceTrust(resolve));
  return () => resolved.get();
}
