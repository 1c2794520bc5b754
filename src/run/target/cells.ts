/** The part of a program between two `# %%` lines. Lines start at 0. The last line is included. */
export interface Cell {
  /** The text after the `%%`, which may be empty. */
  readonly title: string;
  readonly startLine: number;
  readonly lastLine: number;
  /** True for a cell of prose (`# %% [markdown]`), which can't run. */
  readonly isText: boolean;
}

/**
 * Matches the cell markers of VS Code's Python extension: `# %%`, `#%%`, `# In[3]:` or `# <codecell>`; `// %%` in
 * JavaScript.
 */
const MARKER = /^(?:(?:#|\/\/)\s*%%(.*)|#\s*In\[[\d ]*\](.*)|#\s*<codecell>(.*))$/;

/**
 * Splits a file into cells, in order. The text above the first marker is a cell too. Returns no cells if there is no
 * marker.
 */
export function cellsOf(text: string): Cell[] {
  const lines = text.split(/\r?\n/);
  const marks = lines.flatMap((line, index) => {
    const [match, ...titles] = MARKER.exec(line) ?? [];
    return match === undefined ? [] : [{ line: index, title: titles.join("") }];
  });
  const [first] = marks;
  if (!first) return [];
  const hasLead = lines.slice(0, first.line).some((line) => line.trim() !== "");
  const starts = hasLead ? [{ line: 0, title: "" }, ...marks] : marks;
  return starts.map(({ line, title }, index) => ({
    title: title.replace(TEXT, "").replace(/^[\s:]+|\s+$/g, ""),
    startLine: line,
    lastLine: (starts[index + 1]?.line ?? lines.length) - 1,
    isText: TEXT.test(title),
  }));
}

/** Returns the cell that contains a line, or the first cell if the line is above it. */
export const cellAt = (cells: readonly Cell[], line: number): Cell | undefined =>
  cells.findLast(({ startLine }) => startLine <= line) ?? cells[0];

const TEXT = /\s*\[(?:markdown|md)\]/;
