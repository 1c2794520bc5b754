import type { QuickPickItem } from "vscode";
import { Deferred } from "../../base/async";
import { DisposableStore } from "../../base/disposable";
import { maskLine } from "../../run/output/maskSecrets";
import { createPicker, inert } from "../outsideText";
import { fillRows } from "./rows";
import { answerOf } from "./steps";

interface CommandItem extends QuickPickItem {
  readonly command: string;
}

/** Asks for a command line, or one that was used before. Returns `undefined` if the user dismissed it. */
export function pickCommand(title: string, used: readonly string[]): Promise<string | undefined> {
  const own = new DisposableStore();
  const picker = own.add(createPicker<CommandItem>());
  const chosen = new Deferred<string | undefined>();
  const show = () => {
    const typed = picker.value.trim();
    const isNew = typed !== "" && !used.includes(typed);
    const rows: CommandItem[] = [
      ...(isNew ? [{ label: typed, command: typed, alwaysShow: true }] : []),
      ...used.map((command) => ({ label: maskLine(command), command, description: "used before" })),
    ];
    fillRows(picker, rows, ({ command }) => command === typed);
  };
  picker.title = inert(title);
  picker.placeholder = inert("A command line, such as: pytest -q tests");
  picker.ignoreFocusOut = true;
  show();
  own.add(picker.onDidChangeValue(show));
  own.add(
    picker.onDidAccept(() => {
      // Enter may arrive before the item for the last typed characters.
      const [item] = picker.activeItems;
      const command = item?.command ?? picker.value.trim();
      if (command !== "") chosen.resolve(command);
    }),
  );
  return answerOf(picker, own, chosen);
}
