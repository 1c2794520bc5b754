import { QuickInputButtons, QuickPickItemKind, ThemeIcon, type QuickPickItem } from "vscode";
import { Deferred } from "../../base/async";
import { DisposableStore } from "../../base/disposable";
import { messageOf } from "../../base/errors";
import { plural } from "../../base/format";
import type { ArgumentSet } from "../../run/target/argumentSets";
import { maskLine } from "../../run/output/maskSecrets";
import { joinWords, splitWords } from "../../run/target/words";
import { createPicker, inert } from "../outsideText";
import { fillRows } from "./rows";
import { answerOf, type Answer, type StepPlace } from "./steps";

export interface ArgumentSetsQuestion extends StepPlace {
  readonly initial: readonly ArgumentSet[];
  /** Asks for a file and reads it. Returns `undefined` if the user dismissed it; rejects if the file is invalid. */
  readonly fromFile: () => Promise<readonly ArgumentSet[] | undefined>;
}

interface SetLine extends QuickPickItem {
  readonly act?: () => void | Promise<void>;
  readonly index?: number;
}

const remove = { iconPath: new ThemeIcon("trash"), tooltip: "Remove" };

/** Shows a list to type into. Enter adds a row; with an empty input it finishes the step. */
export async function askArgumentSets(question: ArgumentSetsQuestion): Promise<Answer<readonly ArgumentSet[]>> {
  const own = new DisposableStore();
  const result = new Deferred<Answer<readonly ArgumentSet[]>>();
  const picker = own.add(createPicker<SetLine>());
  let sets = question.initial;
  let isAsking = false;

  const show = () => {
    fillRows(picker, [
      ...leadingLines(picker.value),
      ...(sets.length > 0 ? [{ label: "argument sets", kind: QuickPickItemKind.Separator }] : []),
      ...sets.map((set, index) => ({ label: labelOf(set), buttons: [remove], alwaysShow: true, index })),
    ]);
  };

  const leadingLines = (typed: string): SetLine[] => {
    if (typed.trim() === "") return [...(sets.length > 0 ? [finish] : []), fromFile];
    const words = read(typed);
    if (typeof words === "string")
      return [{ iconPath: new ThemeIcon("warning"), label: "Not yet", description: words, alwaysShow: true }];
    const add = () => {
      sets = [...sets, words];
      picker.value = "";
      show();
    };
    return [{ iconPath: new ThemeIcon("add"), label: "Add", description: labelOf(words), alwaysShow: true, act: add }];
  };

  const finish: SetLine = {
    iconPath: new ThemeIcon("arrow-right"),
    label: "Continue",
    get description() {
      return plural(sets.length, "argument set");
    },
    alwaysShow: true,
    act: () => result.resolve({ kind: "answered", value: sets }),
  };

  const fromFile: SetLine = {
    iconPath: new ThemeIcon("file"),
    label: "From a File…",
    description: "CSV with option names, a JSON list, or one set per line",
    alwaysShow: true,
    act: async () => {
      isAsking = true;
      try {
        sets = (await question.fromFile()) ?? sets;
      } finally {
        isAsking = false;
      }
      picker.show();
      show();
    },
  };

  own.add(picker.onDidChangeValue(show));
  own.add(
    picker.onDidTriggerItemButton(({ item: { index } }) => {
      sets = sets.filter((_, at) => at !== index);
      show();
    }),
  );
  own.add(
    picker.onDidAccept(() => {
      Promise.resolve(picker.activeItems[0]?.act?.()).catch(result.reject);
    }),
  );
  own.add(picker.onDidTriggerButton(() => result.resolve({ kind: "back" })));
  picker.title = inert(question.title);
  picker.step = question.step;
  picker.totalSteps = question.totalSteps;
  picker.buttons = question.hasBack ? [QuickInputButtons.Back] : [];
  picker.placeholder = inert("Arguments of one run, then Enter: --lr 0.1 --epochs 3");
  picker.ignoreFocusOut = true;
  show();
  return answerOf(picker, own, result, () => isAsking);
}

const labelOf = (set: ArgumentSet): string => maskLine(joinWords(set)) || "no arguments";

/** Returns the words of a line, or what is wrong with it. */
function read(line: string): ArgumentSet | string {
  try {
    return splitWords(line);
  } catch (error) {
    return messageOf(error);
  }
}
