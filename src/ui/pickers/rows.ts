import { commands, QuickPickItemKind, type QuickPickItem } from "vscode";
import { inertItem, type Picker } from "../outsideText";

/**
 * Fills a list to pick one row from. A row is always active, so that Enter works: the given one, or else the first.
 * After `activeItems` was set once, VS Code no longer sets it by itself.
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

/** Moves the focus away from a clicked checkbox, where Enter would click it again instead of accepting the list. */
export function leaveBox(): void {
  // If this command does not exist, Tab still moves the focus away.
  void commands.executeCommand("workbench.action.focusQuickOpen").then(undefined, () => undefined);
}
