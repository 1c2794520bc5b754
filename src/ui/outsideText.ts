import { MarkdownString, window } from "vscode";
import { inertText } from "../base/inertText";

/** VS Code itself cuts a notification after 1000 characters, its end with the remedy first. */
const MAX_MESSAGE = 800;
const MAX_LINE = 300;

/** Text from outside as one line for a label, a description, a status or a title. */
export const inert = (text: string, maxLength = MAX_LINE): string => inertText(text, maxLength);

/** Shows a notification, and returns the action that was chosen. */
export const showInformation = (message: string, ...actions: readonly string[]): Promise<string | undefined> =>
  chosenOf(actions, (items) => window.showInformationMessage(inert(message, MAX_MESSAGE), ...items));

/** Shows a notification of something that needs attention, and returns the action that was chosen. */
export const showWarning = (message: string, ...actions: readonly string[]): Promise<string | undefined> =>
  chosenOf(actions, (items) => window.showWarningMessage(inert(message, MAX_MESSAGE), ...items));

/** Shows a notification of a failure, and returns the action that was chosen. */
export const showError = (message: string, ...actions: readonly string[]): Promise<string | undefined> =>
  chosenOf(actions, (items) => window.showErrorMessage(inert(message, MAX_MESSAGE), ...items));

/**
 * Asks in a dialog that waits for the answer, and returns the action that was chosen; `undefined` for Cancel.
 *
 * @param detail the smaller text below the question, a line each
 */
export function askInDialog(
  question: string,
  detail: string | readonly string[],
  ...actions: readonly string[]
): Promise<string | undefined> {
  const lines = typeof detail === "string" ? [detail] : detail;
  const options = { modal: true, detail: lines.map((line) => inert(line, MAX_MESSAGE)).join("\n") };
  return chosenOf(actions, (items) => window.showWarningMessage(inert(question, MAX_MESSAGE), options, ...items));
}

/** Shows in the status bar for a moment that something has been done. */
export function showDone(outcome: string, durationMs: number): void {
  window.setStatusBarMessage(`$(check) ${inert(outcome)}`, durationMs);
}

/** A tooltip of Markdown in which `escapeMarkdown` has been applied to all that is not ours. VS Code trusts no link in it. */
export const tooltipOf = (markdown: string): MarkdownString => new MarkdownString(markdown);

async function chosenOf(
  actions: readonly string[],
  show: (items: { title: string; action: string }[]) => Thenable<{ action: string } | undefined>,
): Promise<string | undefined> {
  return (await show(actions.map((action) => ({ title: inert(action), action }))))?.action;
}
