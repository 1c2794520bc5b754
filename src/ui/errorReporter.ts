import { commands } from "vscode";
import { isAbort, messageOf, UserError, type ErrorAction } from "../base/errors";
import type { Logger } from "../base/ports";
import { showError } from "./outsideText";

export type ReportError = (error: unknown) => void;

const showLog: ErrorAction = { title: "Show Log", command: "modalSandboxes.showLog" };

/** Shows an error to the user, with buttons for its remedies. Says nothing about what the user canceled. */
export const createErrorReporter =
  (log: Logger): ReportError =>
  (error) => {
    if (isAbort(error)) return;
    if (error instanceof UserError) {
      log.warn(error.message, ...(error.cause === undefined ? [] : [messageOf(error.cause)]));
      void offer(error.message, error.actions);
      return;
    }
    log.error(error instanceof Error ? error : messageOf(error));
    void offer(`Unexpected error: ${messageOf(error)}`, [showLog]);
  };

async function offer(message: string, actions: readonly ErrorAction[]): Promise<void> {
  const chosen = await showError(message, ...actions.map(({ title }) => title));
  const action = actions.find(({ title }) => title === chosen);
  if (action) await commands.executeCommand(action.command, ...(action.arguments ?? []));
}
