import type { SkippedEntry } from "../folder/folderEntry";
import LIST from "./list.sh";

/** What `find` says of one entry of the remote folder. */
export interface RemoteEntry {
  /** Relative to the remote folder, with `/`; a U+FFFD stands for what is not UTF-8. */
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink" | "other";
  readonly mode: number;
  readonly size: number;
  /** Seconds since the epoch, with the fraction where the sandbox tells it. */
  readonly mtime: number;
  /** When it was last changed in any way, by the sandbox's clock; as `mtime`. */
  readonly ctime?: number;
  /** Of a link, where the sandbox tells it. */
  readonly target?: string;
}

/** The exit codes of list.sh. */
export const ListerExit = { noFind: 41, noFolder: 42 } as const;

/**
 * The command that lists everything below `start` (`.`, or `./` and a path) in `remotePath`, and `start` itself where
 * it is something else. Leaves out what lies in folders of the names in `prune`, and on other file systems, such as
 * volumes.
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

/** An expression of `find` for entries of these names. */
export const namedAny = (names: readonly string[]): string[] =>
  names.flatMap((name, index) => [...(index > 0 ? ["-o"] : []), "-name", name]);

/**
 * A listing is read up to these limits, however much a sandbox sends. A row is longer only in a tree that no file system
 * here could hold.
 */
const MAX_ROWS = 500_000;
const MAX_BYTES = 256 * 1024 * 1024;
const MAX_ROW_BYTES = 16 * 1024;

/** As long as the paths of any system that a sandbox runs. */
const MAX_PATH_BYTES = 4096;

/** More invalid rows are only counted. */
const MAX_INVALID = 1000;

/** Reads the lister's output as it comes. A row that is no entry costs that entry alone. */
export class ListingParser {
  readonly entries: RemoteEntry[] = [];
  readonly #invalid: SkippedEntry[] = [];
  readonly #start: string;
  readonly #folders = new Set<string>([""]);
  #invalidCount = 0;
  #rows = 0;
  #bytes = 0;
  #isWhole = false;
  #rest: Buffer = Buffer.alloc(0);
  #format: Format | undefined;
  /** How many separators end the row that is being passed over. */
  #passedOver = 0;

  /** @param start what was listed, as given to `listerCommand` without the `./`; "" for everything */
  constructor(start = "") {
    this.#start = start;
    for (let slash = start.indexOf("/"); slash >= 0; slash = start.indexOf("/", slash + 1))
      this.#folders.add(start.slice(0, slash));
  }

  /** Whether the listing came to its end. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** True once there is more than anybody will wait for; nothing more is read. */
  get isTooMuch(): boolean {
    return this.#rows > MAX_ROWS || this.#bytes > MAX_BYTES;
  }

  /** The rows that are no entries: the first thousand. */
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
    this.#isWhole = this.#format !== undefined && this.#passedOver === 0 && text.equals(END);
  }

  #readRows(text: Buffer, format: Format): number {
    const { separator, separators } = format;
    let at = 0;
    for (;;) {
      if (this.#passedOver > 0) {
        const end = text.indexOf(separator, at);
        // The separator itself may come in two parts.
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
    // A string of its own: as a part of the row it would keep all of that in memory.
    const path = text.toString("utf8", pathAt, end);
    if (path === "." || path === "") return;
    const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    // Folders are listed before what they hold.
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
    if (this.#invalid.length < MAX_INVALID)
      this.#invalid.push({ path, reason: "is in a row of the list that cannot be read" });
  }
}

interface Format {
  readonly separator: Buffer;
  /** How many end a row. */
  readonly separators: number;
  /** How many are before the path. */
  readonly spaces: number;
  /** Reads a row up to the last of these; `undefined` if it is no entry. */
  readonly read: (row: string) => Facts | undefined;
}

type Facts = Required<Pick<RemoteEntry, "kind" | "mode" | "size" | "mtime" | "ctime">>;

/** The place behind so many spaces; `undefined` if there are not as many. */
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

/** Where the separators of the row that begins at `at` are, as far as they have come. */
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
 * A time as `stat` or `find` prints it. `Number` takes longer for all of its digits than the rest of a row takes.
 * @param fraction with its point
 */
export const secondsOf = (seconds: string | undefined, fraction = ""): number =>
  Number(seconds) + Number(fraction.slice(1, 10).padEnd(9, "0")) / 1e9;

/** In seconds: what a `Date` can hold. */
const MAX_TIME = 8.64e12;

const END = Buffer.from("end");

/** What the lister prints for an empty folder. */
export const EMPTY_LISTING = "find\nend";

const KINDS: Partial<Record<string, RemoteEntry["kind"]>> = { f: "file", d: "directory", l: "symlink" };

const KINDS_BY_BITS: Partial<Record<number, RemoteEntry["kind"]>> = {
  0o100000: "file",
  0o040000: "directory",
  0o120000: "symlink",
};
