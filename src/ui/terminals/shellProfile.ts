import { window, type TerminalProfile } from "vscode";
import type { Disposable } from "../../base/disposable";
import type { ReportError } from "../errorReporter";

/** Opens a shell from the "Modal Sandbox Shell" entry of the terminal menu. */
export const registerShellProfile = (
  provide: () => Promise<TerminalProfile | undefined>,
  report: ReportError,
): Disposable =>
  window.registerTerminalProfileProvider("modalSandboxes.shell", {
    provideTerminalProfile: async () => {
      try {
        return await provide();
      } catch (error) {
        // VS Code would show the message without its buttons.
        report(error);
        return undefined;
      }
    },
  });
