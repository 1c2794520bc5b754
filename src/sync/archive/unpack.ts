import type { SkippedEntry } from "../folder/folderEntry";
import { foldCase } from "../folder/foldName";
import { Refusal, type FolderWriter, type Placed } from "../folder/folderWriter";
import type { OpenFile } from "../folder/openFile";
import type { RemoteEntry } from "../remote/remoteListing";
import { plainPath, refusePath, refuseTarget, type NameRules } from "../folder/safePath";
import { writeReason } from "../folder/writeReason";
import { TarReader, type TarHeader } from "./tarReader";

export interface UnpackOptions {
  readonly writer: FolderWriter;
  readonly rules: NameRules;
  /** What was asked for; all else is refused. Without it everything may come. */
  readonly wanted?: ReadonlyMap<string, RemoteEntry>;
  readonly limits: UnpackLimits;
  /** A file has come whole. It is placed when the archive has ended. */
  readonly onComplete?: (path: string, bytes: number) => void;
  readonly onPlaced: (entry: UnpackedEntry) => void;
}

export interface UnpackLimits {
  /** What may be written in all. */
  readonly bytes: number;
  readonly entries: number;
  /** What may come in all, refused content included, before the rest is not even looked at. */
  readonly streamBytes: number;
}

export interface UnpackedEntry {
  readonly path: string;
  readonly placed: Placed;
  readonly bytes: number;
  /** Of a link. */
  readonly target?: string;
}

/** How an archive ended: `whole`, or what was wrong with it; what came before that is in its place. */
export type ArchiveEnd =
  { readonly kind: "whole" } | { readonly kind: "cut" | "damaged" | "tooMuch"; readonly detail: string };

/**
 * Reads a tar stream and has its entries written; what must not be written is refused by itself. Files are held in
 * staging until the end, because only then does the sandbox know which of them changed while they were read. Blocks.
 */
export class Unpacker {
  readonly #options: UnpackOptions;
  readonly #reader: TarReader;
  readonly #links: Link[] = [];
  /** Files that have come whole, by path, in their order. */
  readonly #held = new Map<string, HeldFile>();
  /** The spellings met so far, by what a file system may take for the same. */
  readonly #spellings = new Map<string, string>();
  /** Where the files of this archive are, for further names of the same file. */
  readonly #files = new Map<string, string>();
  readonly #refused: SkippedEntry[] = [];
  readonly #blocked = new Set<string>();
  #refusedCount = 0;
  #entries = 0;
  #bytes = 0;
  #streamBytes = 0;
  /** The file under way; none where its content is of no use. */
  #open: { readonly path: string; readonly header: TarHeader; readonly file: OpenFile } | undefined;
  #end: ArchiveEnd | undefined;

  constructor(options: UnpackOptions) {
    this.#options = options;
    this.#reader = new TarReader({
      begin: (header) => {
        this.#enter(header);
      },
      content: (part) => {
        this.#fill(part);
      },
      end: () => {
        this.#close();
      },
      oversized: (bytes) => {
        this.#refuse("an entry", `has a header of ${bytes} bytes`);
      },
    });
  }

  /** What was refused, the first thousand of it. */
  get refused(): readonly SkippedEntry[] {
    return this.#refused;
  }

  /** The paths of what was asked for and is refused for what is here: a full disk, something in the way, or the limits. */
  get blocked(): ReadonlySet<string> {
    return this.#blocked;
  }

  /** True once nothing more of the stream can count. */
  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** How many were refused beyond these. */
  get refusedMore(): number {
    return this.#refusedCount - this.#refused.length;
  }

  write(chunk: Uint8Array): void {
    this.#streamBytes += chunk.length;
    if (this.#streamBytes > this.#options.limits.streamBytes)
      this.#end ??= { kind: "tooMuch", detail: "The archive is much bigger than what was asked for." };
    if (this.#end) return;
    this.#reader.read(chunk);
    const { damage } = this.#reader;
    if (damage !== undefined) this.#end = { kind: "damaged", detail: damage };
  }

  isHeld(path: string): boolean {
    return this.#held.has(path);
  }

  /** Drops a file that has come. It may come again. */
  drop(path: string): void {
    const held = this.#held.get(path);
    this.#held.delete(path);
    this.#bytes -= held?.bytes ?? 0;
    held?.file?.discard();
  }

  /** Places the files, and then the links, so that nothing is ever written through one. */
  finish(): ArchiveEnd {
    if (!this.#reader.isBetweenEntries) this.#end ??= { kind: "cut", detail: "The archive ends within an entry." };
    this.#discardOpen();
    for (const [path, held] of this.#held) this.#place(path, held);
    this.#held.clear();
    for (const { path, target } of this.#links)
      this.#attempt(path, () => {
        this.#report({ path, target, bytes: 0, placed: this.#options.writer.placeLink(path, target) });
      });
    return (this.#end ??= { kind: "whole" });
  }

  /** Ends it in mid-stream; what is complete stays. */
  abandon(): void {
    this.#end ??= { kind: "cut", detail: "The pull was cancelled." };
  }

  #enter(header: TarHeader): void {
    const path = plainPath(header.name);
    this.#entries += 1;
    if (header.type === "directory" && (path === "" || path === ".")) return;
    const reason = this.#reasonAgainst(path, header);
    if (reason !== undefined) this.#refuse(path, reason);
    else
      this.#attempt(path, () => {
        this.#take(path, header);
      });
  }

  #reasonAgainst(path: string, header: TarHeader): string | undefined {
    const { type, size } = header;
    const { rules, wanted, limits } = this.#options;
    // What was asked for had its path judged then.
    const reason = wanted?.has(path) ? undefined : refusePath(path, rules);
    if (reason !== undefined) return reason;
    if (type === "other") return "is neither a file, a folder nor a link";
    const linkReason = type === "symlink" ? refuseTarget(path, header.target) : undefined;
    if (linkReason !== undefined) return linkReason;
    if (wanted && !wanted.has(path)) return "was not asked for";
    if (this.#entries > limits.entries) return `is one of more than ${limits.entries} entries`;
    if (type !== "directory" && size > limits.bytes - this.#bytes) {
      if (wanted) this.#blocked.add(path);
      return "is bigger than there is room for";
    }
    return rules.foldsCase ? this.#clash(path) : undefined;
  }

  /** Two names that are one here would make one file of two. */
  #clash(path: string): string | undefined {
    for (let end = path.indexOf("/"); ; end = path.indexOf("/", end + 1)) {
      const part = end < 0 ? path : path.slice(0, end);
      const known = this.#spellings.get(foldCase(part));
      if (known !== undefined && known !== part) return `differs from ${known} only in how it is spelt`;
      this.#spellings.set(foldCase(part), part);
      if (end < 0) return undefined;
    }
  }

  #take(path: string, header: TarHeader): void {
    const { writer } = this.#options;
    switch (header.type) {
      case "file":
        this.#open = { path, header, file: writer.open(header.size) };
        break;
      case "directory":
        writer.makeFolder(path, header.mode);
        break;
      case "symlink":
        this.#links.push({ path, target: header.target });
        break;
      default:
        this.drop(path);
        this.#held.set(path, { header, bytes: 0, file: undefined });
    }
  }

  #fill(part: Uint8Array): void {
    const open = this.#open;
    if (!open) return;
    const isWritten = this.#attempt(open.path, () => {
      open.file.write(part);
    });
    if (!isWritten) this.#discardOpen();
  }

  #close(): void {
    const open = this.#open;
    if (!open) return;
    const { path, header, file } = open;
    const isSettled = this.#attempt(path, () => {
      file.settle();
    });
    if (!isSettled) {
      this.#discardOpen();
      return;
    }
    this.#open = undefined;
    this.drop(path);
    this.#held.set(path, { header, bytes: header.size, file });
    this.#bytes += header.size;
    this.#options.onComplete?.(path, header.size);
  }

  #place(path: string, { header, bytes, file }: HeldFile): void {
    const { writer } = this.#options;
    this.#attempt(path, () => {
      const placed = file
        ? writer.place(file, this.#facts(path, header))
        : writer.placeCopy(this.#firstNameOf(header), this.#facts(path, header));
      if (file) this.#files.set(path, placed.kind === "copied" ? placed.copy : path);
      this.#report({ path, bytes, placed });
    });
    file?.discard();
  }

  #firstNameOf({ target }: TarHeader): string {
    const of = this.#files.get(plainPath(target));
    if (of === undefined) throw new Refusal("is a second name of a file that did not come");
    return of;
  }

  /** The listing has the time's fraction, which the archive's header lacks. */
  #facts(path: string, { mode, mtime }: TarHeader) {
    const listed = this.#options.wanted?.get(path)?.mtime;
    const isSame = listed !== undefined && Math.floor(listed) === Math.floor(mtime);
    return { path, mode, mtime: isSame ? listed : mtime };
  }

  #attempt(path: string, step: () => void): boolean {
    try {
      step();
      return true;
    } catch (error) {
      const kind = this.#options.wanted?.get(path)?.kind;
      // A link that leads out of the folder could never have come.
      if (kind !== undefined && !(kind === "symlink" && error instanceof Refusal)) this.#blocked.add(path);
      this.#refuse(path, writeReason(error));
      return false;
    }
  }

  #report(entry: UnpackedEntry): void {
    this.#options.onPlaced(entry);
  }

  #discardOpen(): void {
    this.#open?.file.discard();
    this.#open = undefined;
  }

  #refuse(path: string, reason: string): void {
    this.#refusedCount += 1;
    if (this.#refused.length < MAX_REFUSED) this.#refused.push({ path, reason });
  }
}

interface HeldFile {
  readonly header: TarHeader;
  readonly bytes: number;
  /** Undefined for a further name of another file. */
  readonly file: OpenFile | undefined;
}

interface Link {
  readonly path: string;
  readonly target: string;
}

/** More would be read by nobody, and cost memory. */
const MAX_REFUSED = 1000;
