import { MarkdownString, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from "vscode";
import { markdownTable } from "./markdown";
import type { Detail, Row } from "./row";

/** A row as VS Code draws it. */
export function rowItem(id: string, row: Row, state = TreeItemCollapsibleState.None): TreeItem {
  const item = new TreeItem(row.label, state);
  item.id = id;
  item.description = row.description;
  item.iconPath = new ThemeIcon(row.icon.id, row.icon.color === undefined ? undefined : new ThemeColor(row.icon.color));
  item.contextValue = row.contextValue;
  item.accessibilityInformation = { label: row.spoken };
  return item;
}

export const detailsTooltip = (details: readonly Detail[]): MarkdownString =>
  new MarkdownString(markdownTable(details));
