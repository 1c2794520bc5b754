import { visibleExcerpt } from "../../base/inertText";
import type { Detail } from "./rows/row";

/** A tooltip of a longer text would fill the screen. */
const MAX_LENGTH = 1000;

/** Text as Markdown that shows it as it stands: names and messages from elsewhere must not become links or images. */
export const escapeMarkdown = (text: string): string =>
  visibleExcerpt(text, MAX_LENGTH)
    .replace(/[\\`*_{}[\]()#+\-.!|<>~$@:&"']/g, "\\$&")
    .replace(/\s+/g, " ");

/** A table of names and values, or nothing for none. */
export function markdownTable(details: readonly Detail[]): string {
  if (details.length === 0) return "";
  const rows = details.map(({ name, value }) => `| ${escapeMarkdown(name)} | ${escapeMarkdown(value)} |`);
  return ["| | |", "|:--|:--|", ...rows].join("\n");
}
