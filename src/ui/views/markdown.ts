import { visibleExcerpt } from "../../base/inertText";
import type { Detail } from "./rows/row";

/** A tooltip with a longer string would fill the screen. */
const MAX_LENGTH = 1000;

/** Escapes a string for Markdown: names and messages from outside must not become links or images. */
export const escapeMarkdown = (text: string): string =>
  visibleExcerpt(text, MAX_LENGTH)
    .replace(/[\\`*_{}[\]()#+\-.!|<>~$@:&"']/g, "\\$&")
    .replace(/\s+/g, " ");

/** Returns a table of names and values, or an empty string if there are none. */
export function markdownTable(details: readonly Detail[]): string {
  if (details.length === 0) return "";
  const rows = details.map(({ name, value }) => `| ${escapeMarkdown(name)} | ${escapeMarkdown(value)} |`);
  return ["| | |", "|:--|:--|", ...rows].join("\n");
}
