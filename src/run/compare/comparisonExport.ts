import type { Cell, Column, Comparison } from "./comparison";

/** Formats the table as in RFC 4180. Numbers are unrounded and have the units in the column titles. */
export const toCsv = ({ columns, rows }: Comparison): string =>
  [columns.map(titleWithUnit), ...rows.map(({ cells }) => cells.map(({ value }) => value))]
    .map((fields) => `${fields.map(csvField).join(",")}\r\n`)
    .join("");

export function toMarkdown({ columns, rows }: Comparison): string {
  const lines = [
    columns.map(({ title }) => markdownCell(title)),
    columns.map(({ isNumeric }) => (isNumeric ? "--:" : ":--")),
    ...rows.map(({ cells }) => cells.map(({ text }) => markdownCell(text))),
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

const titleWithUnit = ({ title, unit }: Column): string => (unit === undefined ? title : `${title} (${unit})`);

/** Spreadsheets take strings that begin like this for formulas, and these strings come from the program. */
const FORMULA = /^\s*[=+\-@]|^[\t\r\n]/;

function csvField(value: Cell["value"]): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const markdownCell = (text: string): string => text.replace(/\s+/g, " ").replace(/[\\|`*_<>[\]]/g, "\\$&");
