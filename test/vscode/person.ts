import { commands, window, type QuickPick, type QuickPickItem } from "vscode";

import { pollUntil } from "../e2e/workbench/locators";

/** A notification, a dialog, a list or an input box, as the user sees it. */
export interface Shown {
  readonly text: string;
  readonly detail: string;
  readonly choices: readonly string[];
}

/** Picks one of the choices; `undefined` dismisses it. */
type Answer = string | undefined;

interface Titled {
  readonly title: string;
}

interface MessageOptions {
  readonly modal?: boolean;
  readonly detail?: string;
}

interface ListOptions {
  readonly title?: string;
}

interface BoxOptions {
  readonly prompt?: string;
  readonly validateInput?: (text: string) => string | undefined;
}

/**
 * Stands in for the user where no command of VS Code can: it records the notifications, dialogs, lists and input boxes
 * of the extension, and answers them. Pickers with buttons or checkboxes are VS Code's own, and `picker` reads them.
 */
export class Person {
  readonly #answers: Answer[] = [];
  readonly #shown: Shown[] = [];
  readonly #restore: (() => void)[] = [];
  #picker: QuickPick<QuickPickItem> | undefined;

  constructor() {
    for (const name of ["showInformationMessage", "showWarningMessage", "showErrorMessage"])
      this.#replace(name, () => (message: string, ...rest: readonly (MessageOptions | Titled)[]) => {
        const choices = rest.filter((each): each is Titled => "title" in each);
        const options = rest.find((each): each is MessageOptions => !("title" in each));
        const shown = { text: message, detail: options?.detail ?? "", choices: choices.map(({ title }) => title) };
        return this.#answer(shown, choices, options?.modal === true);
      });
    this.#replace("showQuickPick", () => async (items: PromiseLike<QuickPickItem[]>, options?: ListOptions) => {
      const choices = (await items).map((item) => ({ ...item, title: item.label }));
      const shown = { text: options?.title ?? "", detail: "", choices: choices.map(({ title }) => title) };
      return this.#answer(shown, choices, true);
    });
    this.#replace("showInputBox", () => (options: BoxOptions) => {
      const typed = this.#answers.shift();
      const complaint = typed === undefined ? undefined : options.validateInput?.(typed);
      this.#shown.push({ text: options.prompt ?? "", detail: complaint ?? "", choices: [] });
      return Promise.resolve(complaint === undefined ? typed : undefined);
    });
    this.#replace("createQuickPick", (original) => () => (this.#picker = original() as QuickPick<QuickPickItem>));
  }

  /** Sets the answers to the next questions, in order. Further questions are dismissed. */
  willAnswer(...answers: readonly Answer[]): void {
    this.#answers.splice(0, Infinity, ...answers);
    this.#shown.length = 0;
  }

  /** Returns what was shown since the last call of `willAnswer`. */
  get shown(): readonly Shown[] {
    return this.#shown;
  }

  /** Waits for a notification or a question. */
  async sees(text: RegExp): Promise<Shown> {
    return pollUntil(`VS Code shows ${String(text)}`, () =>
      Promise.resolve(this.#shown.find((each) => text.test(each.text))),
    );
  }

  /** Waits for VS Code's picker with this title. */
  async picker(title: RegExp): Promise<QuickPick<QuickPickItem>> {
    return pollUntil(`the picker ${String(title)} is open`, () =>
      Promise.resolve(title.test(this.#picker?.title ?? "") ? this.#picker : undefined),
    );
  }

  /** Presses Enter in the open picker. */
  async accepts(): Promise<void> {
    await commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
  }

  /** Presses Escape in the open picker. */
  async dismisses(): Promise<void> {
    await commands.executeCommand("workbench.action.closeQuickOpen");
    this.#picker = undefined;
  }

  dispose(): void {
    for (const restore of this.#restore.splice(0)) restore();
  }

  #answer<T extends Titled>(shown: Shown, choices: readonly T[], isQuestion: boolean): Promise<T | undefined> {
    this.#shown.push(shown);
    const answer = isQuestion ? this.#answers.shift() : undefined;
    return Promise.resolve(choices.find(({ title }) => title === answer));
  }

  /** The extension calls these functions as properties of the same object. */
  #replace(name: string, wrap: (original: () => unknown) => unknown): void {
    const original = Reflect.get(window, name) as () => unknown;
    Object.defineProperty(window, name, { configurable: true, writable: true, value: wrap(original.bind(window)) });
    this.#restore.push(() => {
      Object.defineProperty(window, name, { configurable: true, writable: true, value: original });
    });
  }
}
