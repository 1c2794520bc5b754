export interface Row {
  readonly what: string;
  readonly result: string;
  /** The name of what it is compared with in the same run. */
  readonly against: string;
  readonly ratio: string;
  readonly target: string;
}

export type Bench = () => Promise<readonly Row[]>;

export function printTable(name: string, rows: readonly Row[]): void {
  console.log(`\n${name}`);
  const header: Row = { what: "what", result: "result", against: "against", ratio: "ratio", target: "target" };
  const columns = Object.keys(header) as (keyof Row)[];
  const width = (column: keyof Row) => Math.max(...[header, ...rows].map((row) => row[column].length));
  for (const row of [header, ...rows])
    console.log(
      columns
        .map((column) => row[column].padEnd(width(column)))
        .join("  ")
        .trimEnd(),
    );
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}

export const ms = (value: number): string => `${value.toFixed(0)} ms`;
