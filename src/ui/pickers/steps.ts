import { QuickInputButtons, type Event, type QuickInput, type QuickInputButton, type QuickPickItem } from "vscode";
import { Deferred } from "../../base/async";
import { DisposableStore } from "../../base/disposable";
import { createPicker, createTextBox, inert, inertItem, type Inert, type Picker } from "../outsideText";
import { fillRows, leaveBox } from "./rows";
import { TickList } from "./tickList";

/** A question's place in a series of questions. */
export interface StepPlace {
  readonly title: string;
  readonly step?: number;
  readonly totalSteps?: number;
  /** True if there is an earlier question to go back to. */
  readonly hasBack: boolean;
}

/** The outcome of a question; `undefined` if the user dismissed it. */
export type Answer<T> = { readonly kind: "answered"; readonly value: T } | { readonly kind: "back" } | undefined;

export interface PickQuestion<T extends QuickPickItem> extends StepPlace {
  readonly placeholder: string;
  readonly items: readonly T[];
  readonly isActive?: (item: T) => boolean;
  /** Makes a row of what the user types. It is active unless `isMatch` finds another row. */
  readonly typed?: { readonly row: (text: string) => T; readonly isMatch: (item: T, text: string) => boolean };
}

/** Asks for one of several items. */
export async function askPick<T extends QuickPickItem>(question: PickQuestion<T>): Promise<Answer<T>> {
  const picker = createPicker<T>();
  picker.placeholder = inert(question.placeholder);
  fillRows(picker, question.items, question.isActive);
  picker.ignoreFocusOut = true;
  picker.matchOnDescription = true;
  return ask(picker, question, (answer) => {
    const own = new DisposableStore();
    own.add(picker.onDidChangeValue((value) => showTyped(picker, question, value.trim())));
    own.add(
      picker.onDidAccept(() => {
        const [item] = picker.activeItems;
        if (item) answer(item);
      }),
    );
    return own;
  });
}

function showTyped<T extends QuickPickItem>(picker: Picker<T>, question: PickQuestion<T>, text: string): void {
  const { items, isActive, typed } = question;
  if (!typed) return;
  if (text === "") {
    fillRows(picker, items, isActive);
    return;
  }
  const isMatch = (item: T) => typed.isMatch(item, text);
  const row = { ...typed.row(text), alwaysShow: true };
  fillRows(picker, [...items, row], items.some(isMatch) ? isMatch : ({ alwaysShow }) => alwaysShow === true);
}

export interface TickQuestion<T extends QuickPickItem> extends PickQuestion<T> {
  readonly isTicked: (item: T) => boolean;
  /** True if choosing no item is a valid answer. */
  readonly mayBeEmpty: boolean;
}

/** Asks for any number of several items. */
export async function askTicks<T extends QuickPickItem>(question: TickQuestion<T>): Promise<Answer<readonly T[]>> {
  const picker = createPicker<T>();
  const { mayBeEmpty, isTicked } = question;
  const items = question.items.map(inertItem);
  const ticked = items.filter(isTicked);
  const list = new TickList<T>(items, ticked, {
    keyOf: (item) => String(items.findIndex((each) => each === item)),
    mayBeEmpty,
  });
  picker.canSelectMany = true;
  picker.placeholder = inert(question.placeholder);
  picker.items = items;
  picker.selectedItems = ticked;
  picker.activeItems = list.active ? [list.active] : [];
  picker.ignoreFocusOut = true;
  return ask(picker, question, (answer) => {
    const own = new DisposableStore();
    own.add(
      picker.onDidChangeValue((value) => {
        list.type(value);
        picker.activeItems = list.active ? [list.active] : [];
      }),
    );
    own.add(picker.onDidChangeActive(([item]) => list.activate(item)));
    own.add(
      picker.onDidChangeSelection((selected) => {
        if (list.tick(selected)) leaveBox();
      }),
    );
    own.add(
      picker.onDidAccept(() => {
        if (mayBeEmpty || list.accepted.length > 0) answer(list.accepted);
      }),
    );
    return own;
  });
}

export interface TextQuestion extends StepPlace {
  readonly prompt: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly isPassword?: boolean;
  /** Returns what is wrong with the input; `undefined` if it is valid. */
  readonly complaint: (text: string) => string | undefined;
}

export async function askText(question: TextQuestion): Promise<Answer<string>> {
  const box = createTextBox();
  const complaint = (text: string) => {
    const found = question.complaint(text);
    return found === undefined ? undefined : inert(found);
  };
  box.prompt = inert(question.prompt);
  box.value = question.value;
  box.placeholder = inert(question.placeholder ?? "");
  box.password = question.isPassword ?? false;
  box.ignoreFocusOut = true;
  return ask(box, question, (answer) => {
    const own = new DisposableStore();
    own.add(
      box.onDidChangeValue((text) => {
        box.validationMessage = complaint(text.trim());
      }),
    );
    own.add(
      box.onDidAccept(() => {
        const text = box.value.trim();
        box.validationMessage = complaint(text);
        if (box.validationMessage === undefined) answer(text);
      }),
    );
    return own;
  });
}

interface Buttoned extends Omit<QuickInput, "title"> {
  title: Inert | undefined;
  buttons: readonly QuickInputButton[];
  readonly onDidTriggerButton: Event<QuickInputButton>;
}

async function ask<T>(
  input: Buttoned,
  { title, step, totalSteps, hasBack }: StepPlace,
  listen: (answer: (value: T) => void) => { dispose(): void },
): Promise<Answer<T>> {
  const own = new DisposableStore();
  const result = new Deferred<Answer<T>>();
  own.add(input);
  input.title = inert(title);
  input.step = step;
  input.totalSteps = totalSteps;
  input.buttons = hasBack ? [QuickInputButtons.Back] : [];
  own.add(listen((value) => result.resolve({ kind: "answered", value })));
  own.add(input.onDidTriggerButton(() => result.resolve({ kind: "back" })));
  return answerOf(input, own, result);
}

/** Shows a question until it is answered or dismissed. A question that another one hides is not dismissed. */
export async function answerOf<T>(
  input: Pick<QuickInput, "show" | "onDidHide">,
  own: DisposableStore,
  result: Deferred<T | undefined>,
  isAskedElsewhere = () => false,
): Promise<T | undefined> {
  own.add(
    input.onDidHide(() => {
      if (!isAskedElsewhere()) result.resolve(undefined);
    }),
  );
  input.show();
  try {
    return await result.promise;
  } finally {
    own.dispose();
  }
}
