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
  /** The entries that were requested; all others are refused. Without it, every entry is accepted. */
  readonly wanted?: ReadonlyMap<string, RemoteEntry>;
  readonly limits: UnpackLimits;
  /** Called when a file is complete. It is placed after the end of the archive. */
  readonly onComplete?: (path: string, bytes: number) => void;
  readonly onPlaced: (entry: UnpackedEntry) => void;
}

export interface UnpackLimits {
  /** The most bytes to write in total. */
  readonly bytes: number;
  readonly entries: number;
  /** The most bytes to accept in total, refused content included, before reading stops. */
  readonly streamBytes: number;
}

export interface UnpackedEntry {
  readonly path: string;
  readonly placed: Placed;
  readonly bytes: number;
  /** The target of a link. */
  readonly target?: string;
}

/** How an archive ended: `complete`, or what was wrong with it. Complete entries before the problem are kept. */
export type ArchiveEnd =
  { readonly kind: "complete" } | { readonly kind: "cut" | "damaged" | "tooMuch"; readonly detail: string };

/**
 * Reads a tar stream and writes its entries into a folder once the stream has ended. An entry that must not be written
 * is refused without affecting the others. Synchronous (see `scan`).
 */
export class Unpacker {
  readonly #options: UnpackOptions;
  readonly #reader: TarReader;
  readonly #links: Link[] = [];
  /** Complete files, by path, in the order of the archive. */
  readonly #held = new Map<string, HeldFile>();
  /** The spellings seen so far, by a key that is equal for names that a file system may treat as the same. */
  readonly #spellings = new Map<string, string>();
  /** The places of this archive's files, for hard links to them. */
  readonly #files = new Map<string, string>();
  readonly #refused: SkippedEntry[] = [];
  readonly #blocked = new Set<string>();
  #refusedCount = 0;
  #entries = 0;
  #bytes = 0;
  #streamBytes = 0;
  /** The file being filled; undefined if its content is not needed. */
  #open: { readonly path: string; readonly header: TarHeader; readonly file: OpenFile } | undefined;
  #end: ArchiveEnd | undefined;

  constructor(options: UnpackOptions) {
    this.#options = options;
    this.#reader = new TarReader({
      begin: (header) => this.#enter(header),
      content: (part) => this.#fill(part),
      end: () => this.#close(),
      oversized: (bytes) => this.#refuse("an entry", `has a header of ${bytes} bytes`),
    });
  }

  /** The first thousand refused entries. */
  get refused(): readonly SkippedEntry[] {
    return this.#refused;
  }

  /**
   * The paths of requested entries that were refused because of this machine: a full disk, something in the way, or the
   * limits.
   */
  get blocked(): ReadonlySet<string> {
    return this.#blocked;
  }

  /** True if the rest of the stream is ignored. */
  get isFinished(): boolean {
    return this.#end !== undefined;
  }

  /** The number of refused entries beyond these. */
  get refusedMore(): number {
    return this.#refusedCount - this.#refused.length;
  }

  write(chunk: Uint8Array): void {
    this.#streamBytes += chunk.length;
    if (this.#streamBytes > this.#options.limits.streamBytes)
      this.#end ??= { kind: "tooMuch", detail: "The archive is much bigger than what was requested." };
    if (this.#end) return;
    this.#reader.read(chunk);
    const { damage } = this.#reader;
    if (damage !== undefined) this.#end = { kind: "damaged", detail: damage };
  }

  isHeld(path: string): boolean {
    return this.#held.has(path);
  }

  /** Discards a complete file, which may be sent again. */
  drop(path: string): void {
    const held = this.#held.get(path);
    this.#held.delete(path);
    this.#bytes -= held?.bytes ?? 0;
    held?.file?.discard();
  }

  /** Places the files, then the links, so that nothing is ever written through a link. */
  finish(): ArchiveEnd {
    if (!this.#reader.isBetweenEntries) this.#end ??= { kind: "cut", detail: "The archive ends within an entry." };
    this.#discardOpen();
    for (const [path, held] of this.#held) this.#place(path, held);
    this.#held.clear();
    for (const { path, target } of this.#links)
      this.#attempt(path, () => {
        this.#report({ path, target, bytes: 0, placed: this.#options.writer.placeLink(path, target) });
      });
    return (this.#end ??= { kind: "complete" });
  }

  /** Ends the archive early; complete entries stay. */
  abandon(): void {
    this.#end ??= { kind: "cut", detail: "The pull was canceled." };
  }

  #enter(header: TarHeader): void {
    const path = plainPath(header.name);
    this.#entries += 1;
    if (header.type === "directory" && (path === "" || path === ".")) return;
    const reason = this.#reasonAgainst(path, header);
    if (reason !== undefined) this.#refuse(path, reason);
    else this.#attempt(path, () => this.#take(path, header));
  }

  #reasonAgainst(path: string, header: TarHeader): string | undefined {
    const { type, size } = header;
    const { rules, wanted, limits } = this.#options;
    // The path of a requested entry was checked when it was requested.
    const reason = wanted?.has(path) ? undefined : refusePath(path, rules);
    if (reason !== undefined) return reason;
    if (type === "other") return "isn't a file, a folder or a link";
    const linkReason = type === "symlink" ? refuseTarget(path, header.target) : undefined;
    if (linkReason !== undefined) return linkReason;
    if (wanted && !wanted.has(path)) return "was not requested";
    if (this.#entries > limits.entries) return `is one of more than ${limits.entries} entries`;
    if (type !== "directory" && size > limits.bytes - this.#bytes) {
      if (wanted) this.#blocked.add(path);
      return "exceeds the size limit";
    }
    return rules.foldsCase ? this.#clash(path) : undefined;
  }

  /** Two names that the file system treats as the same would overwrite each other. */
  #clash(path: string): string | undefined {
    for (let end = path.indexOf("/"); ; end = path.indexOf("/", end + 1)) {
      const part = end < 0 ? path : path.slice(0, end);
      const known = this.#spellings.get(foldCase(part));
      if (known !== undefined && known !== part) return `differs from ${known} only in spelling`;
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
    const isWritten = this.#attempt(open.path, () => open.file.write(part));
    if (!isWritten) this.#discardOpen();
  }

  #close(): void {
    const open = this.#open;
    if (!open) return;
    const { path, header, file } = open;
    const isSettled = this.#attempt(path, () => this.#options.writer.settle(file, this.#facts(path, header)));
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
    if (of === undefined) throw new Refusal("is a hard link to a file that was not received");
    return of;
  }

  /** The listing has the fraction of the time, which the archive's header lacks. */
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
      // A link that leads out of the folder is never accepted.
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
  /** Undefined for a hard link to another file. */
  readonly file: OpenFile | undefined;
}

interface Link {
  readonly path: string;
  readonly target: string;
}

/** Nobody would read more, and they use memory. */
const MAX_REFUSED = 1000;
