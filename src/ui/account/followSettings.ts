import { workspace } from "vscode";
import type { DisposableStore } from "../../base/disposable";
import type { Services } from "../../services/services";
import { proxySettings } from "../settings";

export interface SettingsUsers extends Pick<Services, "connection" | "proxy" | "forget"> {
  readonly view: { startOver(): void };
}

/** Applies the settings that the connection and the list of sandboxes depend on, and again when they change. */
export function followSettings(own: DisposableStore, { connection, proxy, forget, view }: SettingsUsers): void {
  proxy.apply(proxySettings());
  own.add(
    workspace.onDidChangeConfiguration((change) => {
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
}
