import { ProgressLocation, window, type CancellationToken } from "vscode";

/** Shows a notification with the current step while `task` runs; its Cancel button aborts the signal. */
export async function withProgress<T>(
  title: string,
  task: (report: (step: string) => void, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return window.withProgress(
    { location: ProgressLocation.Notification, title, cancellable: true },
    async (progress, token) =>
      task((message) => {
        progress.report({ message });
      }, signalOf(token)),
  );
}

function signalOf(token: CancellationToken): AbortSignal {
  const abort = new AbortController();
  if (token.isCancellationRequested) abort.abort();
  token.onCancellationRequested(() => {
    abort.abort();
  });
  return abort.signal;
}
