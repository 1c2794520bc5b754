/** What `find` says of one entry of the remote folder. */
export interface RemoteEntry {
  /** Relative to the remote folder, with `/`; a U+FFFD stands for what is not UTF-8. */
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink" | "other";
  readonly mode: number;
  readonly size: number;
  /** Seconds since the epoch, with the fraction where the sandbox tells it. */
  readonly mtime: number;
  /** Of a link, where the sandbox tells it. */
  readonly target?: string;
}

/** How the lister ends if it cannot list. */
export const ListerExit = { noFind: 41, noFolder: 42 } as const;

/**
 * The command that lists everything below `start` (`.`, or `./` and a path) in `remotePath`, and `start` itself where
 * it is something else. Leaves out what lies in folders of the names in `prune`, and on other file systems, such as
 * volumes.
 */
export const listerCommand = (remotePath: string, start: string, prune: readonly string[]): string[] => [
  "sh",
  "-c",
  LISTER,
  "sh",
  remotePath,
  start,
  ...prune.flatMap((name, index) => [...(index > 0 ? ["-o"] : []), "-name", name]),
];

/**
 * GNU's find tells everything by itself. Elsewhere stat does, in lines: no path holds `//`, which therefore ends each.
 * The first record says which, the last one is the mark without which the listing was cut.
 */
const LISTER = `
export LC_ALL=C
cd -- "$1" 2>/dev/null || exit ${ListerExit.noFolder}
start=$2
shift 2
[ $# -gt 0 ] || set -- -name ''
command -v find >/dev/null 2>&1 || exit ${ListerExit.noFind}
if find . -maxdepth 0 -printf '' >/dev/null 2>&1; then
  printf 'find\\n'
  find "$start" -xdev \\( "$@" \\) -prune -o -printf '%y %m %s %T@ %p\\0%l\\0'
  printf 'end'
else
  stat -c '' . >/dev/null 2>&1 || exit ${ListerExit.noFind}
  printf 'stat\\n'
  find "$start" -xdev \\( "$@" \\) -prune -o -print0 | xargs -0 stat -c '%f %s %Y %y %n//'
  printf 'end'
fi
`;

/** Reads the lister's output as it comes. */
export class ListingParser {
  readonly entries: RemoteEntry[] = [];
  #isWhole = false;
  #rest: Buffer = Buffer.alloc(0);
  #format: "find" | "stat" | undefined;

  /** Whether the listing came to its end. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  write(chunk: Uint8Array): void {
    let text = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : Buffer.from(chunk);
    if (this.#format === undefined && text.length >= 5) {
      this.#format = text.toString("latin1", 0, 5) === "find\n" ? "find" : "stat";
      text = text.subarray(5);
    }
    let at = 0;
    if (this.#format === "find") at = this.#readFind(text);
    if (this.#format === "stat") at = this.#readStat(text);
    this.#rest = text.subarray(at);
    this.#isWhole = this.#format !== undefined && this.#rest.equals(END);
  }

  #readFind(text: Buffer): number {
    let at = 0;
    for (;;) {
      const pathEnd = text.indexOf(0, at);
      const end = pathEnd < 0 ? -1 : text.indexOf(0, pathEnd + 1);
      if (end < 0) return at;
      const [, kind = "", mode = "", size, mtime, path = ""] =
        /^(\S) (\S+) (\S+) (\S+) ([\s\S]*)$/.exec(text.toString("utf8", at, pathEnd)) ?? [];
      this.#add({
        path,
        kind: KINDS[kind] ?? "other",
        mode: Number.parseInt(mode, 8),
        size: Number(size),
        mtime: Number(mtime),
        ...(kind === "l" && { target: text.toString("utf8", pathEnd + 1, end) }),
      });
      at = end + 1;
    }
  }

  #readStat(text: Buffer): number {
    let at = 0;
    for (;;) {
      const end = text.indexOf("//\n", at, "latin1");
      if (end < 0) return at;
      const [, raw = "", size, seconds, fraction = "", path = ""] =
        /^(\S+) (\S+) (\S+) \S+ [\d:]+(\S*) \S+ ([\s\S]*)$/.exec(text.toString("utf8", at, end)) ?? [];
      const mode = Number.parseInt(raw, 16);
      this.#add({
        path,
        kind: KINDS_BY_BITS[mode & 0o170000] ?? "other",
        mode: mode & 0o7777,
        size: Number(size),
        mtime: Number(`${seconds}${fraction}`),
      });
      at = end + 3;
    }
  }

  #add(entry: RemoteEntry): void {
    const path = entry.path.replace(/^\.\//, "");
    if (path !== "." && path !== "") this.entries.push({ ...entry, path });
  }
}

const END = Buffer.from("end");

const KINDS: Partial<Record<string, RemoteEntry["kind"]>> = { f: "file", d: "directory", l: "symlink" };

const KINDS_BY_BITS: Partial<Record<number, RemoteEntry["kind"]>> = {
  0o100000: "file",
  0o040000: "directory",
  0o120000: "symlink",
};
