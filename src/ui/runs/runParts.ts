import { basename } from "node:path";
import { window, type TextDocument, type Uri } from "vscode";
import { UserError } from "../../base/errors";
import { cellAt, cellsOf, type Cell } from "../../run/target/cells";
import type { TextRange } from "../../run/target/excerpt";
import type { CommandTable } from "../commands/register";
import { runnableExcerpt } from "./runnableExcerpt";
import { documentToRun, noFile } from "./runnableFile";
import type { RunStarter } from "./runStarter";

/** The commands that run part of a file. */
export function runPartCommands(starter: RunStarter): CommandTable {
  const runPart = async (document: TextDocument, ranges: readonly TextRange[], part: string) => {
    const runnable = await runnableExcerpt(document, ranges, `${basename(document.fileName)} ${part}`);
    if (runnable) await starter.run(runnable);
  };

  return {
    "modalSandboxes.runSelection": async () => {
      const editor = window.activeTextEditor;
      if (!editor) throw noFile();
      const selections = editor.selections.filter(({ isEmpty }) => !isEmpty);
      const [first] = selections;
      if (!first) throw nothingSelected();
      const ranges = selections.map(({ start, end }) => ({
        startLine: start.line,
        startCharacter: start.character,
        endLine: end.line,
        endCharacter: end.character,
      }));
      await runPart(editor.document, ranges, linesOf(ranges));
    },

    /** @param line a line of the cell, counted from 0; by default the cursor's */
    "modalSandboxes.runCell": async (uri?: Uri, line?: number) => {
      const { document, cell } = await cellToRun(uri, line);
      await runPart(document, [rangeOf(cell)], cell.title === "" ? linesOf([rangeOf(cell)]) : `[${cell.title}]`);
    },

    "modalSandboxes.runCellsToHere": async (uri?: Uri, line?: number) => {
      const { document, cells, cell } = await cellToRun(uri, line);
      const above = cells.filter(({ startLine, isText }) => startLine <= cell.startLine && !isText);
      await runPart(document, above.map(rangeOf), `to line ${cell.lastLine + 1}`);
    },
  };
}

interface FoundCell {
  readonly document: TextDocument;
  readonly cells: readonly Cell[];
  readonly cell: Cell;
}

async function cellToRun(uri: Uri | undefined, line: number | undefined): Promise<FoundCell> {
  const document = await documentToRun(uri);
  const editor = window.activeTextEditor;
  const cursor = editor?.document === document ? editor.selection.active.line : 0;
  const cells = cellsOf(document.getText());
  const cell = cellAt(cells, line ?? cursor);
  if (!cell) throw noCells();
  if (cell.isText) throw onlyText();
  return { document, cells, cell };
}

const rangeOf = ({ startLine, lastLine }: Cell): TextRange => ({
  startLine,
  startCharacter: 0,
  endLine: lastLine,
  endCharacter: Infinity,
});

/** Describes line ranges, counted from 1. */
function linesOf(ranges: readonly TextRange[]): string {
  const first = Math.min(...ranges.map(({ startLine }) => startLine)) + 1;
  const last = Math.max(...ranges.map(({ endLine, endCharacter }) => (endCharacter === 0 ? endLine : endLine + 1)));
  return first >= last ? `line ${first}` : `lines ${first}-${last}`;
}

const nothingSelected = () => new UserError("Nothing is selected. Select the lines that you want to run.");

const noCells = () => new UserError('This file has no cells. A line with "# %%" starts one.');

const onlyText = () => new UserError("This cell contains only text, so there is nothing to run.");
