import { window, type QuickPickItem } from "vscode";
import { Deferred } from "../../base/async";
import { DisposableStore } from "../../base/disposable";
import { answerOf } from "./steps";

/** A command line that is typed, or one of those used before; `undefined` if the user went away. */
export function pickCommand(title: string, used: readonly string[]): Promise<string | undefined> {
  const own = new DisposableStore();
  const picker = own.add(window.createQuickPick());
  const chosen = new Deferred<string | undefined>();
  const show = () => {
    const typed = picker.value.trim();
    const first: QuickPickItem[] = typed === "" || used.includes(typed) ? [] : [{ label: typed, alwaysShow: true }];
    picker.items = [...first, ...used.map((label) => ({ label, description: "used before" }))];
  };
  picker.title = title;
  picker.placeholder = "A command line, such as: pytest -q tests";
  picker.ignoreFocusOut = true;
  show();
  own.add(picker.onDidChangeValue(show));
  own.add(
    picker.onDidAccept(() => {
      // Enter may come before the item for the last keys does.
      const [item] = picker.activeItems;
      const command = item?.label ?? picker.value.trim();
      if (command !== "") chosen.resolve(command);
    }),
  );
  return answerOf(picker, own, chosen);
}
