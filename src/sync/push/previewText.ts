import { formatBytes, plural } from "../../base/format";
import type { ExcludedGroup } from "../rules/excluded";
import type { SkippedEntry } from "../folder/folderEntry";
import type { ChangeKind, PreviewedChange, PushPreview } from "./preview";
import { MODALIGNORE } from "../rules/syncRules";

/** A preview as text, with the position of each local file. */
export interface PreviewText {
  readonly text: string;
  readonly links: readonly PathLink[];
}

export interface PathLink {
  /** Counted from 0, like `column`. */
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly path: string;
}

/** @param title names the previewed folder and sandbox */
export function previewText(title: string, preview: PushPreview): PreviewText {
  const { changes, changeCount, skipped, excluded } = preview;
  const writer = new Writer();
  writer.lines(title, summary(preview), "");
  for (const change of changes) writer.change(change);
  if (changeCount > changes.length) writer.lines(more(changeCount - changes.length));
  if (changeCount > 0) writer.lines("");

  if (skipped.length > 0) {
    writer.lines("Not synced:", ...skipped.slice(0, MOST_SKIPPED).map(skippedLine));
    if (skipped.length > MOST_SKIPPED) writer.lines(more(skipped.length - MOST_SKIPPED));
    writer.lines("");
  }

  const named = excluded.filter(({ by }) => by !== "secret");
  if (named.length > 0) writer.lines("Excluded by these rules:", ...named.map(excludedLine), "", HINT);
  return writer.result;
}

const MOST_SKIPPED = 200;

const more = (count: number): string => `  … and ${count.toLocaleString("en-US")} more`;

const HINT = `To sync an excluded file, name it in ${MODALIGNORE} with ! in front.`;

function summary({ counts, changeCount, files, bytes }: PushPreview): string {
  if (changeCount === 0) return "Nothing to sync: the sandbox is up to date.";
  const parts = SUMMARY.filter(([kind]) => counts[kind] > 0).map(
    ([kind, words]) => `${counts[kind].toLocaleString("en-US")} ${words}`,
  );
  return `${parts.join(", ")}. ${files > 0 ? `${plural(files, "file")} (${formatBytes(bytes)}) would be pushed.` : "No files would be pushed."}`;
}

const SUMMARY: readonly (readonly [ChangeKind, string])[] = [
  ["add", "to add"],
  ["change", "to change"],
  ["delete", "to delete"],
  ["stay", "to leave in the sandbox"],
];

/** The prefix of a line; VS Code's colors for diffs depend on the first three. */
const MARKS: Record<ChangeKind, string> = { add: "+", change: "!", delete: "-", stay: " " };

const SIZE_WIDTH = 8;

class Writer {
  readonly #lines: string[] = [];
  readonly #links: PathLink[] = [];

  get result(): PreviewText {
    return { text: `${this.#lines.join("\n")}\n`, links: this.#links };
  }

  lines(...lines: readonly string[]): void {
    this.#lines.push(...lines);
  }

  change({ kind, path, entryKind, bytes, notes }: PreviewedChange): void {
    const size = bytes === undefined ? "" : formatBytes(bytes);
    const before = `${MARKS[kind]} ${size.padStart(SIZE_WIDTH)}  `;
    const shown = onOneLine(path);
    if (entryKind === "file" && kind !== "delete" && kind !== "stay")
      this.#links.push({ line: this.#lines.length, column: before.length, length: shown.length, path });
    const note = notes.length > 0 ? `  · ${onOneLine(notes.join(" · "))}` : "";
    this.lines(`${before}${shown}${entryKind === "directory" ? "/" : ""}${note}`);
  }
}

const skippedLine = ({ path, reason }: SkippedEntry): string => `  ${onOneLine(path)} ${onOneLine(reason)}`;

function excludedLine({ by, count, examples }: ExcludedGroup): string {
  const rule = typeof by === "string" ? BUILT_IN[by] : `${by.file}, line ${by.line}: ${by.pattern}`;
  const isAll = examples.length === count;
  const shown = examples.map(onOneLine).join(", ");
  return `  ${rule} · ${isAll ? shown : `${count.toLocaleString("en-US")}, such as ${shown}`}`;
}

const BUILT_IN: Record<Exclude<ExcludedGroup["by"], object>, string> = {
  clutter: "Built in: repositories, dependencies and caches",
  copy: "Built in: copies of the sandbox's versions",
  environment: "Built in: virtual environments",
  results: "Built in: outputs of earlier runs",
  secret: "Built in: secrets",
};

/** Escapes line breaks and other control characters in names. */
const onOneLine = (text: string): string =>
  text.replace(/[\u0000-\u001F\u007F\u2028\u2029]/g, (character) => JSON.stringify(character).slice(1, -1));
