import {
  MarkdownString,
  window,
  type InputBox,
  type InputBoxOptions,
  type QuickPick,
  type QuickPickItem,
  type QuickPickOptions,
} from "vscode";
import { inertText } from "../base/inertText";

/** VS Code cuts a notification off after 1000 characters, and the remedy is at the end. */
const MAX_MESSAGE = 800;
const MAX_LINE = 300;

declare const isInert: unique symbol;

/** A single line without control characters, links or icons, so that VS Code shows it literally. */
export type Inert = string & { readonly [isInert]: true };

/** Makes text from outside safe for a label, a description, a status or a title. */
export const inert = (text: string, maxLength = MAX_LINE): Inert => inertText(text, maxLength) as Inert;

/** Shows a notification, and returns the action that was chosen. */
export const showInformation = (message: string, ...actions: readonly string[]): Promise<string | undefined> =>
  chosenOf(actions, (items) => window.showInformationMessage(inert(message, MAX_MESSAGE), ...items));

/** Shows a warning notification, and returns the action that was chosen. */
export const showWarning = (message: string, ...actions: readonly string[]): Promise<string | undefined> =>
  chosenOf(actions, (items) => window.showWarningMessage(inert(message, MAX_MESSAGE), ...items));

/** Shows an error notification, and returns the action that was chosen. */
export const showError = (message: string, ...actions: readonly string[]): Promise<string | undefined> =>
  chosenOf(actions, (items) => window.showErrorMessage(inert(message, MAX_MESSAGE), ...items));

/**
 * Asks in a modal dialog, and returns the action that was chosen; `undefined` for Cancel.
 *
 * @param detail the smaller text below the question, as lines
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

/** As `askInDialog`, but Enter gives the safe answer. Returns true if the user chose the other one. */
export const askForRisk = async (
  question: string,
  detail: string | readonly string[],
  { safe, risky }: { readonly safe: string; readonly risky: string },
): Promise<boolean> => (await askInDialog(question, detail, safe, risky)) === risky;

/** Shows an outcome in the status bar for a while. */
export function showDone(outcome: string, durationMs: number): void {
  window.setStatusBarMessage(`$(check) ${inert(outcome)}`, durationMs);
}

/** A Markdown tooltip. Text from outside must be escaped with `escapeMarkdown`. VS Code runs no command links in it. */
export const tooltipOf = (markdown: string): MarkdownString => new MarkdownString(markdown);

/** A row of a picker. Its icon is its `iconPath`, because `inertItem` escapes icons in its label. */
export type InertItem<T extends QuickPickItem> = T & { readonly [isInert]: true };

export const inertItem = <T extends QuickPickItem>(item: T): InertItem<T> => ({
  ...(item as InertItem<T>),
  label: inert(item.label),
  ...(item.description !== undefined && { description: inert(item.description) }),
  ...(item.detail !== undefined && { detail: inert(item.detail) }),
});

/** Asks the user to pick one of `items`. Returns `undefined` if the user dismissed it. */
export async function pickOne<T extends QuickPickItem>(
  items: readonly T[] | Promise<readonly T[]>,
  { title, placeHolder, ...options }: Omit<QuickPickOptions, "canPickMany">,
): Promise<T | undefined> {
  const shown = Promise.resolve(items).then((all) => all.map((item) => ({ ...inertItem(item), item })));
  const picked = await window.showQuickPick(shown, { ...options, ...inertly({ title, placeHolder }) });
  return picked?.item;
}

interface TextOptions extends Omit<InputBoxOptions, "validateInput"> {
  /** Returns what is wrong with the input; `undefined` if it is valid. */
  readonly validateInput?: (text: string) => string | undefined;
}

/** Asks the user to type a line. Returns `undefined` if the user dismissed it. */
export async function askForText({
  title,
  prompt,
  placeHolder,
  validateInput,
  ...options
}: TextOptions): Promise<string | undefined> {
  const complaintOf = (text: string) => inertly({ complaint: validateInput?.(text) }).complaint;
  const shown = inertly({ title, prompt, placeHolder });
  return window.showInputBox({ ...options, ...shown, ...(validateInput && { validateInput: complaintOf }) });
}

type WithInert<T, K extends keyof T> = Omit<T, K> & Record<K, Inert | undefined>;

export type Picker<T extends QuickPickItem> = WithInert<Omit<QuickPick<T>, "items">, "title" | "placeholder"> & {
  items: readonly InertItem<T>[];
};
export type TextBox = WithInert<InputBox, "title" | "prompt" | "placeholder" | "validationMessage">;

/** A picker that accepts only inert text. */
export const createPicker = <T extends QuickPickItem>(): Picker<T> => window.createQuickPick<T>() as Picker<T>;

/** An input box that accepts only inert text. */
export const createTextBox = (): TextBox => window.createInputBox() as TextBox;

async function chosenOf(
  actions: readonly string[],
  show: (items: { title: string; action: string }[]) => Thenable<{ action: string } | undefined>,
): Promise<string | undefined> {
  return (await show(actions.map((action) => ({ title: inert(action), action }))))?.action;
}

const inertly = (texts: Readonly<Record<string, string | undefined>>): Record<string, Inert> =>
  Object.fromEntries(
    Object.entries(texts).flatMap(([name, text]) => (text === undefined ? [] : [[name, inert(text)]])),
  );
