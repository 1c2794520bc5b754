import type { SkippedEntry } from "../folder/folderEntry";
import LIST from "./list.sh";

/** One entry of the remote folder, as `find` reports it. */
export interface RemoteEntry {
  /** Relative to the remote folder, with `/`; U+FFFD replaces bytes that are not UTF-8. */
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink" | "other";
  readonly mode: number;
  readonly size: number;
  /** Seconds since the epoch, with the fraction if the sandbox reports it. */
  readonly mtime: number;
  /** The time of the last change of any kind, by the sandbox's clock; same format as `mtime`. */
  readonly ctime?: number;
  /** The target of a link, if the sandbox reports it. */
  readonly target?: string;
}

/** The exit codes of list.sh. */
export const ListerExit = { noFind: 41, noFolder: 42 } as const;

/**
 * Returns the command that lists everything below `start` (`.`, or `./` and a path) in `remotePath`, and `start` itself
 * if it isn't a folder. Skips the content of folders named in `prune` and other file systems, such as volumes.
 */
export const listerCommand = (remotePath: string, start: string, prune: readonly string[]): string[] => [
  "sh",
  "-c",
  LIST,
  "sh",
  remotePath,
  start,
  ...namedAny(prune),
];

/** Returns a `find` expression that matches entries with these names. */
export const namedAny = (names: readonly string[]): string[] =>
  names.flatMap((name, index) => [...(index > 0 ? ["-o"] : []), "-name", name]);

/**
 * Limits for reading a listing, however much a sandbox sends. A longer row can only come from a tree that no local file
 * system could store.
 */
const MAX_ROWS = 500_000;
const MAX_BYTES = 256 * 1024 * 1024;
const MAX_ROW_BYTES = 16 * 1024;

/** The longest path on any operating system that a sandbox runs. */
const MAX_PATH_BYTES = 4096;

/** Further invalid rows are only counted. */
const MAX_INVALID = 1000;

/** Reads the lister's output in chunks. An invalid row affects only its own entry. */
export class ListingParser {
  readonly entries: RemoteEntry[] = [];
  readonly #invalid: SkippedEntry[] = [];
  readonly #start: string;
  readonly #folders = new Set<string>([""]);
  #invalidCount = 0;
  #rows = 0;
  #bytes = 0;
  #isComplete = false;
  #rest: Buffer = Buffer.alloc(0);
  #format: Format | undefined;
  /** The number of separators that remain in the row being skipped. */
  #passedOver = 0;

  /** @param start what was listed, as given to `listerCommand` without the `./`; "" for everything */
  constructor(start = "") {
    this.#start = start;
    for (let slash = start.indexOf("/"); slash >= 0; slash = start.indexOf("/", slash + 1))
      this.#folders.add(start.slice(0, slash));
  }

  /** True if the listing has ended. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** True if the listing exceeds the limits; the rest is not read. */
  get isTooMuch(): boolean {
    return this.#rows > MAX_ROWS || this.#bytes > MAX_BYTES;
  }

  /** The first thousand invalid rows. */
  get invalid(): readonly SkippedEntry[] {
    return this.#invalid;
  }

  get invalidCount(): number {
    return this.#invalidCount;
  }

  write(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.isTooMuch) return;
    let text = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : Buffer.from(chunk);
    if (this.#format === undefined && text.length >= 5) {
      this.#format = text.toString("latin1", 0, 5) === "find\n" ? FIND : STAT;
      text = text.subarray(5);
    }
    if (this.#format) text = text.subarray(this.#readRows(text, this.#format));
    this.#rest = text;
    this.#isComplete = this.#format !== undefined && this.#passedOver === 0 && text.equals(END);
  }

  #readRows(text: Buffer, format: Format): number {
    const { separator, separators } = format;
    let at = 0;
    for (;;) {
      if (this.#passedOver > 0) {
        const end = text.indexOf(separator, at);
        // The separator itself may be split between two chunks.
        if (end < 0) return Math.max(at, text.length - separator.length + 1);
        at = end + separator.length;
        this.#passedOver -= 1;
        continue;
      }

      const ends = separatorsIn(text, at, format);
      const end = ends[separators - 1];
      if (end === undefined) {
        if (text.length - at <= MAX_ROW_BYTES) return at;
        this.#passedOver = separators - ends.length;
        at = (ends.at(-1) ?? at - separator.length) + separator.length;
        this.#refuse("an entry");
        continue;
      }
      this.#addRow(format, text, at, ends);
      at = end + separator.length;
      if (this.isTooMuch) return text.length;
    }
  }

  #addRow(format: Format, text: Buffer, at: number, ends: readonly number[]): void {
    this.#rows += 1;
    const end = ends[0] ?? at;
    const isShort = (ends.at(-1) ?? at) - at <= MAX_ROW_BYTES;
    const nameAt = isShort ? behindSpaces(text, at, end, format.spaces) : undefined;
    const facts = nameAt === undefined ? undefined : format.read(text.toString("latin1", at, nameAt));
    if (nameAt === undefined || !facts) {
      this.#refuse("an entry");
      return;
    }

    const pathAt = text[nameAt] === DOT && text[nameAt + 1] === SLASH ? nameAt + 2 : nameAt;
    // Decoding the path separately avoids keeping the whole row in memory.
    const path = text.toString("utf8", pathAt, end);
    if (path === "." || path === "") return;
    const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    // Folders are listed before their content.
    const isListed = this.#folders.has(folder) && this.#isBelowStart(path);
    if (end - pathAt > MAX_PATH_BYTES || !isListed) {
      this.#refuse(path.slice(0, 200));
      return;
    }
    const { kind, mode, size, mtime, ctime } = facts;
    if (kind === "directory") this.#folders.add(path);
    const hasTarget = kind === "symlink" && ends.length > 1;
    const target = hasTarget ? { target: text.toString("utf8", end + 1, ends[1]) } : undefined;
    this.entries.push({ path, kind, mode, size, mtime, ctime, ...target });
  }

  #isBelowStart(path: string): boolean {
    return this.#start === "" || path === this.#start || path.startsWith(`${this.#start}/`);
  }

  #refuse(path: string): void {
    this.#invalidCount += 1;
    if (this.#invalid.length < MAX_INVALID) this.#invalid.push({ path, reason: "is in an invalid row of the listing" });
  }
}

interface Format {
  readonly separator: Buffer;
  /** The number of separators per row. */
  readonly separators: number;
  /** The number of spaces before the path. */
  readonly spaces: number;
  /** Reads a row up to the last of these spaces; `undefined` if it is invalid. */
  readonly read: (row: string) => Facts | undefined;
}

type Facts = Required<Pick<RemoteEntry, "kind" | "mode" | "size" | "mtime" | "ctime">>;

/** Returns the position after this number of spaces; `undefined` if there are fewer. */
function behindSpaces(text: Buffer, from: number, end: number, spaces: number): number | undefined {
  for (let at = from, left = spaces; at < end; at += 1) {
    if (text[at] !== SPACE) continue;
    left -= 1;
    if (left === 0) return at + 1;
  }
  return undefined;
}

const SPACE = 0x20;
const DOT = 0x2e;
const SLASH = 0x2f;

/** Returns the positions of the separators received so far in the row that begins at `at`. */
function separatorsIn(text: Buffer, at: number, { separator, separators }: Format): number[] {
  const ends: number[] = [];
  for (let from = at; ends.length < separators;) {
    const end = text.indexOf(separator, from);
    if (end < 0) break;
    ends.push(end);
    from = end + separator.length;
  }
  return ends;
}

const FIND: Format = {
  separator: Buffer.from("\0"),
  separators: 2,
  spaces: 5,
  read: (row) => {
    const [, kind = "", mode = "", size, ...times] =
      /^(\S) ([0-7]{1,6}) (\d{1,15}) (-?\d{1,15})(\.\d{1,15})? (-?\d{1,15})(\.\d{1,15})? $/.exec(row) ?? [];
    return factsOf(KINDS[kind], Number.parseInt(mode, 8), size, times);
  },
};

const STAT: Format = {
  separator: Buffer.from("//\n"),
  separators: 1,
  spaces: 10,
  read: (row) => {
    const [, raw = "", size, ...times] =
      /^([\da-f]{1,8}) (\d{1,15}) (-?\d{1,15}) \S+ [\d:]+(\.\d{1,15})? \S+ (-?\d{1,15}) \S+ [\d:]+(\.\d{1,15})? \S+ $/.exec(
        row,
      ) ?? [];
    const bits = Number.parseInt(raw, 16);
    return factsOf(KINDS_BY_BITS[bits & 0o170000], bits & 0o7777, size, times);
  },
};

/** @param times the whole seconds and the fraction of `mtime`, then of `ctime` */
function factsOf(
  kind: RemoteEntry["kind"] = "other",
  mode: number,
  bytes: string | undefined,
  [seconds, fraction, changeSeconds, changeFraction]: readonly (string | undefined)[],
): Facts | undefined {
  const size = Number(bytes);
  const mtime = secondsOf(seconds, fraction);
  const ctime = secondsOf(changeSeconds, changeFraction);
  if (!Number.isFinite(mode + size + mtime + ctime) || Math.abs(mtime) > MAX_TIME) return undefined;
  return { kind, mode, size, mtime, ctime };
}

/**
 * Parses a time as `stat` or `find` prints it. `Number` would take longer for all its digits than the rest of the row
 * takes.
 * @param fraction with its decimal point
 */
export const secondsOf = (seconds: string | undefined, fraction = ""): number =>
  Number(seconds) + Number(fraction.slice(1, 10).padEnd(9, "0")) / 1e9;

/** The largest time of a `Date`, in seconds. */
const MAX_TIME = 8.64e12;

const END = Buffer.from("end");

/** The lister's output for an empty folder. */
export const EMPTY_LISTING = "find\nend";

const KINDS: Partial<Record<string, RemoteEntry["kind"]>> = { f: "file", d: "directory", l: "symlink" };

const KINDS_BY_BITS: Partial<Record<number, RemoteEntry["kind"]>> = {
  0o100000: "file",
  0o040000: "directory",
  0o120000: "symlink",
};
