import type { Cell, Comparison, ComparisonRow } from "./comparison";

/** By which column the rows are sorted. */
export interface Order {
  readonly column: string;
  readonly isDescending: boolean;
}

/** What a click on a column's title leads to: up, down, and back to the order of the start. */
export function nextOrder(order: Order | undefined, column: string): Order | undefined {
  if (order?.column !== column) return { column, isDescending: false };
  return order.isDescending ? undefined : { column, isDescending: true };
}

/** Rows without a value come last, whichever way it is sorted. */
export function inOrder({ columns, rows }: Comparison, order: Order | undefined): Comparison {
  const index = columns.findIndex(({ key }) => key === order?.column);
  if (!order || index < 0) return { columns, rows };
  const valueOf = ({ cells }: ComparisonRow) => sortable(cells[index]);
  const known = rows.filter((row) => valueOf(row) !== undefined);
  const unknown = rows.filter((row) => valueOf(row) === undefined);
  const sign = order.isDescending ? -1 : 1;
  known.sort((one, other) => sign * difference(valueOf(one), valueOf(other)));
  return { columns, rows: [...known, ...unknown] };
}

/** A chart of one column: `share` is the length of a bar between 0 and 1. */
export interface Chart {
  readonly title: string;
  readonly bars: readonly (Pick<ComparisonRow, "id" | "name" | "tone"> & {
    readonly text: string;
    readonly share: number;
  })[];
}

/** A chart for each column that has something to compare. */
export function chartsOf({ columns, rows }: Comparison): Chart[] {
  return columns.flatMap(({ title, hasBars }, index) => {
    const sizes = rows.map(({ cells }) => sizeOf(cells[index]));
    const longest = Math.max(0, ...sizes.map((size = 0) => (Number.isFinite(size) ? size : 0)));
    if (!hasBars || sizes.every((size) => size === undefined)) return [];
    const bars = rows.flatMap(({ id, name, tone, cells }, at) => {
      const size = sizes[at];
      if (size === undefined) return [];
      const share = longest > 0 ? Math.min(1, size / longest) || 0 : 0;
      return [{ id, name, tone, text: cells[index]?.text ?? "", share }];
    });
    return [{ title, bars }];
  });
}

const sizeOf = (cell: Cell | undefined): number | undefined =>
  typeof cell?.value === "number" ? Math.abs(cell.value) : undefined;

/** What is no number in a column of numbers is not to be compared. */
const sortable = (cell: Cell | undefined): Cell["value"] => (Number.isNaN(cell?.value) ? undefined : cell?.value);

function difference(one: Cell["value"], other: Cell["value"]): number {
  if (typeof one === "number" && typeof other === "number") return one === other ? 0 : one < other ? -1 : 1;
  return String(one).localeCompare(String(other), "en", { numeric: true });
}
