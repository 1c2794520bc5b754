import type { RunOutput } from "./runOutput";

/** Longer lines are ignored, and so are more names than a table can show. */
const MAX_LINE_BYTES = 4096;
const MAX_NAME_CHARS = 64;
const MAX_NAMES = 32;

/** If a program floods its output with reports, only the last ones of each chunk are read. */
const MAX_REPORTS = 50;

/**
 * Collects the numbers that a program reports: lines with `metric: name=value` and any number of pairs, and lines that
 * are a JSON object (or a Python dict) of numbers only. The last value of each name counts.
 */
export class ReportedValues {
  readonly #values = new Map<string, number>();
  readonly #lines: Record<RunOutput["stream"], ReportLines> = { stdout: new ReportLines(), stderr: new ReportLines() };

  /** Returns the values in the order in which their names first appeared. */
  get all(): ReadonlyMap<string, number> {
    return this.#values;
  }

  /** Returns true if the output reported a value. */
  add({ bytes, stream }: RunOutput): boolean {
    return this.#take(this.#lines[stream].add(bytes));
  }

  /** Reads the last line, which may have no line break, after the output has ended. */
  end(): boolean {
    return this.#take([...this.#lines.stdout.end(), ...this.#lines.stderr.end()]);
  }

  #take(lines: readonly string[]): boolean {
    const pairs = lines.flatMap(pairsOf);
    for (const [name, value] of pairs)
      if (this.#values.has(name) || (this.#values.size < MAX_NAMES && name.length <= MAX_NAME_CHARS))
        this.#values.set(name, value);
    return pairs.length > 0;
  }
}

/**
 * Finds the lines that may report values without checking every line. Searches from the end, because the last values
 * count.
 */
class ReportLines {
  /** The beginning of an incomplete line, `undefined` if that line is already too long. */
  #begun: Buffer | undefined = EMPTY;

  add(bytes: Uint8Array): string[] {
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const first = piece.indexOf(NEWLINE);
    if (first < 0) {
      this.#begin(piece);
      return [];
    }
    this.#begin(piece.subarray(0, first));
    const lines = this.end();
    const last = piece.lastIndexOf(NEWLINE);
    this.#begin(piece.subarray(last + 1));
    return [...lines, ...reportsIn(piece.subarray(first + 1, last + 1))];
  }

  end(): string[] {
    const line = this.#begun ?? EMPTY;
    this.#begun = EMPTY;
    return mayReport(line) ? [line.toString()] : [];
  }

  #begin(more: Buffer): void {
    if (!this.#begun || more.length === 0) return;
    this.#begun = this.#begun.length + more.length > MAX_LINE_BYTES ? undefined : Buffer.concat([this.#begun, more]);
  }
}

const EMPTY = Buffer.alloc(0);
const NEWLINE = 0x0a;
const MARK = Buffer.from("metric:");
const BRACE = Buffer.from("{");

const mayReport = (line: Buffer): boolean => line.includes(MARK) || line.includes(BRACE);

/** Returns the last of the complete lines that may report values, in their original order. */
function reportsIn(lines: Buffer): string[] {
  const found = new Map([...rangesWith(MARK, lines), ...rangesWith(BRACE, lines)]);
  return [...found]
    .sort(([one], [other]) => one - other)
    .slice(-MAX_REPORTS)
    .map(([start, end]) => lines.toString("utf8", start, end));
}

/** Returns the ranges of the last lines that contain `what`. */
function rangesWith(what: Buffer, lines: Buffer): [number, number][] {
  const ranges: [number, number][] = [];
  let at = lines.lastIndexOf(what);
  while (at >= 0 && ranges.length < MAX_REPORTS) {
    const start = lines.lastIndexOf(NEWLINE, at) + 1;
    const end = lines.indexOf(NEWLINE, at);
    if (end - start <= MAX_LINE_BYTES) ranges.push([start, end]);
    at = start === 0 ? -1 : lines.lastIndexOf(what, start - 1);
  }
  return ranges;
}

const NUMBER = String.raw`[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|nan|NaN|inf|Infinity)`;
const METRIC = /(?:^|[^\w-])metric:(.*)$/;
const ASSIGNED = new RegExp(String.raw`^([^\s=,;]+)=(${NUMBER})$`);
const OBJECT = new RegExp(String.raw`^\{${member("\\1")}(?:,${member("\\2")})*\}$`);
const MEMBER = new RegExp(String.raw`["']([^"'\\]+)["']\s*:\s*(${NUMBER})`, "g");

/** Matches a quoted name and a number. The name's closing quote must be the one that group `quote` captured. */
function member(quote: string): string {
  return String.raw`\s*(["'])[^"'\\]+${quote}\s*:\s*${NUMBER}\s*`;
}

/** Returns the visible part of a line: without escape sequences, after its last carriage return. */
const shown = (line: string): string =>
  (
    line
      .replace(/\x1b\[[\d;]*[A-Za-z]/g, "")
      .trimEnd()
      .split("\r")
      .at(-1) ?? ""
  ).trimStart();

function pairsOf(line: string): [string, number][] {
  const text = shown(line);
  const metric = METRIC.exec(text)?.[1];
  if (metric !== undefined)
    return metric.split(/[\s,;]+/).flatMap((word) => {
      const [, name, value] = ASSIGNED.exec(word) ?? [];
      return name === undefined || value === undefined ? [] : [[name, numberOf(value)]];
    });
  return OBJECT.test(text)
    ? [...text.matchAll(MEMBER)].map(([, name = "", value = ""]) => [name, numberOf(value)])
    : [];
}

const numberOf = (text: string): number => Number(text.replace(/nan/i, "NaN").replace(/inf$/, "Infinity"));
