/** Part of a program between two `# %%` lines. Lines count from 0; the last one is its own. */
export interface Cell {
  /** What stands after the `%%`; empty where nothing does. */
  readonly title: string;
  readonly startLine: number;
  readonly lastLine: number;
  /** Whether it is prose (`# %% [markdown]`), which nothing runs. */
  readonly isText: boolean;
}

/** As VS Code's Python extension marks cells: `# %%`, `#%%`, `# In[3]:` or `# <codecell>`; `// %%` in JavaScript. */
const MARKER = /^(?:(?:#|\/\/)\s*%%(.*)|#\s*In\[[\d ]*\](.*)|#\s*<codecell>(.*))$/;

/** The cells of a text, in order; none where no line marks one. What stands before the first mark is a cell too. */
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

/** The cell that holds a line; above the first one, the first. */
export const cellAt = (cells: readonly Cell[], line: number): Cell | undefined =>
  cells.findLast(({ startLine }) => startLine <= line) ?? cells[0];

const TEXT = /\s*\[(?:markdown|md)\]/;
