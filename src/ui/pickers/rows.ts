import { commands, QuickPickItemKind, type QuickPickItem } from "vscode";
import { inertItem, type Picker } from "../outsideText";

/**
 * Fills a list to pick one from, with a row active at every moment, so that Enter works: the one that is asked for, else
 * the first. Once `activeItems` was set VS Code leaves it to us.
 */
export function fillRows<T extends QuickPickItem>(
  picker: Picker<T>,
  rows: readonly T[],
  isActive: (row: T) => boolean = () => false,
): void {
  picker.items = rows.map(inertItem);
  const choices = picker.items.filter(({ kind }) => kind !== QuickPickItemKind.Separator);
  const active = choices.find(isActive) ?? choices[0];
  picker.activeItems = active ? [active] : [];
}

/** Takes the keyboard from a box that was clicked: there Enter clicks it again instead of accepting the list. */
export function leaveBox(): void {
  // Where there is no such command, Tab leads out of the box.
  void commands.executeCommand("workbench.action.focusQuickOpen").then(undefined, () => undefined);
}
