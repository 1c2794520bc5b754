import { visibleText } from "../../base/inertText";
import type { Detail } from "./row";

/** Text as Markdown that shows it as it stands: names and messages from elsewhere must not become links or images. */
export const escapeMarkdown = (text: string): string =>
  visibleText(text)
    .replace(/[\\`*_{}[\]()#+\-.!|<>~$@:&"']/g, "\\$&")
    .replace(/\s+/g, " ");

/** A table of names and values, or nothing for none. */
export function markdownTable(details: readonly Detail[]): string {
  if (details.length === 0) return "";
  const rows = details.map(({ name, value }) => `| ${escapeMarkdown(name)} | ${escapeMarkdown(value)} |`);
  return ["| | |", "|:--|:--|", ...rows].join("\n");
}
