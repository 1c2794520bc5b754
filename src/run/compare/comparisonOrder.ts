import type { Cell, Comparison, ComparisonRow } from "./comparison";

/** The column by which the rows are sorted. */
export interface Order {
  readonly column: string;
  readonly isDescending: boolean;
}

/** Returns the order after a click on a column title: ascending, then descending, then the original order. */
export function nextOrder(order: Order | undefined, column: string): Order | undefined {
  if (order?.column !== column) return { column, isDescending: false };
  return order.isDescending ? undefined : { column, isDescending: true };
}

/** Returns the rows in this order. Rows without a value are last in both directions. */
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

/** A chart of one column. `share` is the length of a bar, from 0 to 1. */
export interface Chart {
  readonly title: string;
  readonly bars: readonly (Pick<ComparisonRow, "id" | "name" | "tone"> & {
    readonly text: string;
    readonly share: number;
  })[];
}

/** Returns a chart for each column with values to compare. */
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

/** A value that isn't a number cannot be compared in a column of numbers. */
const sortable = (cell: Cell | undefined): Cell["value"] => (Number.isNaN(cell?.value) ? undefined : cell?.value);

function difference(one: Cell["value"], other: Cell["value"]): number {
  if (typeof one === "number" && typeof other === "number") return one === other ? 0 : one < other ? -1 : 1;
  return String(one).localeCompare(String(other), "en", { numeric: true });
}
