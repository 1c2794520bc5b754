import type { ComparisonRow, Comparison } from "../../run/compare/comparison";
import { chartsOf, type Chart, type Order } from "../../run/compare/comparisonOrder";

/** The contents of the page, which its script only draws. Elements with the same key stay in place. */
export interface ComparisonPage {
  readonly title: string;
  readonly note: string;
  readonly canStop: boolean;
  readonly columns: readonly PageColumn[];
  readonly rows: readonly PageRow[];
  readonly charts: readonly (Pick<Chart, "title"> & { readonly key: string; readonly bars: readonly Keyed[] })[];
}

interface Keyed {
  readonly key: string;
}

interface PageColumn extends Keyed {
  readonly title: string;
  readonly isNumeric: boolean;
  readonly sort: "ascending" | "descending" | "none";
}

interface PageRow extends Keyed, Pick<ComparisonRow, "tone"> {
  /** The run's id; `undefined` until it has started. */
  readonly run: string | undefined;
  readonly cells: readonly string[];
  /** The GPU's utilization over time. */
  readonly line: readonly number[];
}

export type PageHead = Pick<ComparisonPage, "title" | "note" | "canStop">;

/** `order` says how the rows are sorted already. */
export function pageOf(comparison: Comparison, order: Order | undefined, head: PageHead): ComparisonPage {
  const { columns, rows } = comparison;
  const sortOf = (key: string) => (key !== order?.column ? "none" : order.isDescending ? "descending" : "ascending");
  return {
    ...head,
    columns: columns.map(({ key, title, isNumeric }) => ({ key, title, isNumeric, sort: sortOf(key) })),
    rows: rows.map(({ id, runId, tone, cells, utilization }) => ({
      key: id,
      tone,
      run: runId,
      line: utilization,
      cells: cells.map(({ text }) => text),
    })),
    charts: chartsOf({ columns, rows }).map(({ title, bars }) => ({
      key: title,
      title,
      bars: bars.map(({ id, ...bar }) => ({ ...bar, key: id })),
    })),
  };
}

export interface PageFiles {
  readonly script: string;
  readonly style: string;
  /** The source from which files may be loaded, as in a Content Security Policy. */
  readonly cspSource: string;
  /** A random string for this page alone. */
  readonly nonce: string;
}

/** The page without its contents, which arrive as messages. It runs only its own script and loads nothing else. */
export const pageHtml = ({ script, style, cspSource, nonce }: PageFiles): string => `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ${cspSource}; script-src 'nonce-${nonce}';">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="stylesheet" href="${style}">
    <title>Comparison</title>
  </head>
  <body>
    <header>
      <div class="heading"><h1 id="title"></h1><p id="note"></p></div>
      <div class="toolbar" role="toolbar" aria-label="Comparison">
        <button type="button" id="stop" data-action="stop" hidden>Stop Sweep</button>
        <button type="button" data-action="copyCsv">Copy as CSV</button>
        <button type="button" data-action="copyMarkdown">Copy as Markdown</button>
        <button type="button" data-action="export">Export…</button>
      </div>
    </header>
    <div class="scroller" tabindex="0" role="region" aria-labelledby="title">
      <table aria-labelledby="title">
        <thead><tr id="columns"></tr></thead>
        <tbody id="rows"></tbody>
      </table>
    </div>
    <section id="charts" aria-label="Charts"></section>
    <script nonce="${nonce}" src="${script}"></script>
  </body>
</html>`;
