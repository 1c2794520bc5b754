import { ProgressLocation, window, type CancellationToken } from "vscode";
import { every } from "../base/async";
import { formatElapsed } from "../base/format";
import { inert } from "./outsideText";

/** Shows a notification with the current step while `task` runs; its Cancel button aborts the signal. */
export async function withProgress<T>(
  title: string,
  task: (report: (step: string) => void, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return window.withProgress(
    { location: ProgressLocation.Notification, title: inert(title), cancellable: true },
    async (progress, token) => {
      let step = { text: "", since: Date.now() };
      const clock = every(1000, () => {
        const elapsedMs = Date.now() - step.since;
        if (step.text && elapsedMs >= LONG_MS)
          progress.report({ message: `${step.text} · ${formatElapsed(elapsedMs)}` });
      });
      try {
        return await task((text) => {
          step = { text: inert(text), since: Date.now() };
          progress.report({ message: step.text });
        }, signalOf(token));
      } finally {
        clock.dispose();
      }
    },
  );
}

/** A step that takes longer shows how long it has taken. */
const LONG_MS = 5000;

/** Shows progress in a view, for tasks that take only a moment. */
export const withViewProgress = async (viewId: string, task: (signal: AbortSignal) => Promise<void>): Promise<void> =>
  window.withProgress({ location: { viewId } }, () => task(AbortSignal.timeout(VIEW_TASK_MS)));

const VIEW_TASK_MS = 60_000;

function signalOf(token: CancellationToken): AbortSignal {
  const abort = new AbortController();
  if (token.isCancellationRequested) abort.abort();
  token.onCancellationRequested(() => abort.abort());
  return abort.signal;
}
