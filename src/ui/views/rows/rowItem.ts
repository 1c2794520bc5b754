import { MarkdownString, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from "vscode";
import { inert, tooltipOf } from "../../outsideText";
import { markdownTable } from "../markdown";
import type { Detail, Row } from "./row";

/** Converts a row to a tree item. */
export function rowItem(id: string, row: Row, state = TreeItemCollapsibleState.None): TreeItem {
  const item = new TreeItem(inert(row.label), state);
  item.id = id;
  item.description = inert(row.description);
  item.iconPath = new ThemeIcon(row.icon.id, row.icon.color === undefined ? undefined : new ThemeColor(row.icon.color));
  item.contextValue = row.contextValue;
  item.accessibilityInformation = { label: inert(row.spoken) };
  return item;
}

export const detailsTooltip = (details: readonly Detail[]): MarkdownString => tooltipOf(markdownTable(details));
