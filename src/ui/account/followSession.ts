import { workspace } from "vscode";
import { Lazy } from "../../base/async";
import type { DisposableStore } from "../../base/disposable";
import type { Services } from "../../services/services";
import { proxySettings, usesLocalBackend } from "../settings";

export interface SessionUsers extends Pick<Services, "session" | "connection" | "proxy" | "forget"> {
  readonly view: { startOver(): void };
}

/**
 * Resolves the session when it is first needed, and again when a setting or trust in the folder changes it. Returns a
 * function that waits for the session: VS Code's secrets come late while a window starts, so activation does not wait.
 */
export function followSession(
  own: DisposableStore,
  { session, connection, proxy, forget, view }: SessionUsers,
): () => Promise<void> {
  const resolve = async () => session.resolve(workspace.isTrusted && usesLocalBackend());
  const resolved = new Lazy(async () => {
    if (workspace.isTrusted) await resolve();
  });
  proxy.apply(proxySettings());
  own.add(
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("modalSandboxes.backend")) void resolve();
      if (change.affectsConfiguration("http")) {
        proxy.apply(proxySettings());
        connection.reopen();
      }
      if (["environment", "appName"].some((key) => change.affectsConfiguration(`modalSandboxes.${key}`))) {
        forget();
        view.startOver();
      }
    }),
  );
  own.add(workspace.onDidGrantWorkspaceTrust(resolve));
  return () => resolved.get();
}
