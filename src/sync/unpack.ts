import { extract, type Extract, type ExtractEvents, type Header } from "tar-stream";

import { codeOf, messageOf } from "../base/errors";
import type { SkippedEntry } from "./folderEntry";
import { Refusal, type FolderWriter, type OpenFile, type Placed } from "./folderWriter";
import type { RemoteEntry } from "./remoteListing";
import { foldName, plainPath, refusePath, refuseTarget, type NameRules } from "./safePath";
import { TarGuard } from "./tarGuard";

export interface UnpackOptions {
  readonly writer: FolderWriter;
  readonly rules: NameRules;
  /** What was asked for; all else is refused. Without it everything may come. */
  readonly wanted?: ReadonlyMap<string, RemoteEntry>;
  readonly limits: UnpackLimits;
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

/** Reads a tar stream and has its entries written one by one; what must not be written is refused by itself. */
export class Unpacker {
  readonly #options: UnpackOptions;
  readonly #tar: Extract = extract();
  readonly #guard: TarGuard;
  readonly #links: Link[] = [];
  /** The spellings met so far, by what a file system may take for the same. */
  readonly #spellings = new Map<string, string>();
  /** Where the files of this archive are, for further names of the same file. */
  readonly #files = new Map<string, string>();
  readonly #refused: SkippedEntry[] = [];
  #refusedCount = 0;
  #entries = 0;
  #bytes = 0;
  #streamBytes = 0;
  #open: OpenFile | undefined;
  #end: ArchiveEnd | undefined;
  #wake: () => void = () => undefined;

  constructor(options: UnpackOptions) {
    this.#options = options;
    this.#guard = new TarGuard((bytes) => {
      this.#refuse("an entry", `has a header of ${bytes} bytes`);
    });
    this.#tar.on("entry", (header, body, next) => {
      this.#enter(header, body, () => {
        next();
      });
    });
    this.#tar.on("error", (error: Error) => {
      this.#end ??= /unexpected end/i.test(error.message)
        ? { kind: "cut", detail: error.message }
        : { kind: "damaged", detail: error.message };
    });
    for (const event of ["drain", "close", "finish"] as const)
      this.#tar.on(event, () => {
        this.#wake();
      });
  }

  /** What was refused, the first thousand of it. */
  get refused(): readonly SkippedEntry[] {
    return this.#refused;
  }

  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** Nothing more of the archive will be read. */
  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** Resolves when the bytes are dealt with. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#streamBytes += chunk.length;
    if (this.#streamBytes > this.#options.limits.streamBytes)
      this.#stop({ kind: "tooMuch", detail: "The archive is much bigger than what was asked for." });
    if (this.#end) return;
    for (const part of this.#guard.filter(chunk)) {
      if (this.isOver) return;
      if (!this.#tar.write(part)) await this.#woken();
    }
    const { damage } = this.#guard;
    if (damage === undefined) return;
    await this.#readAll();
    this.#end = { kind: "damaged", detail: damage };
  }

  /** Makes the links, which come last so that nothing is ever written through one. */
  async finish(): Promise<ArchiveEnd> {
    if (!this.#end) await this.#readAll();
    this.#discardOpen();
    for (const { path, target } of this.#links)
      this.#attempt(path, () => {
        this.#report({ path, target, bytes: 0, placed: this.#options.writer.placeLink(path, target) });
      });
    return (this.#end ??= { kind: "whole" });
  }

  /** Ends it in mid-stream; what is complete stays. */
  abandon(): void {
    this.#stop({ kind: "cut", detail: "The pull was cancelled." });
  }

  async #readAll(): Promise<void> {
    const finished = this.#woken();
    this.#tar.end(undefined);
    await finished;
  }

  #stop(end: ArchiveEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#tar.destroy();
    this.#discardOpen();
    this.#wake();
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #enter(header: Header, body: Body, next: () => void): void {
    const path = plainPath(header.name);
    // Of a body that is cut off; the archive itself says how it ended.
    body.on("error", () => undefined);
    this.#entries += 1;
    const isTop = header.type === "directory" && (path === "" || path === ".");
    const reason = isTop ? undefined : this.#reasonAgainst(path, header);
    if (reason !== undefined) this.#refuse(path, reason);
    else if (header.type === "file" || header.type === "contiguous-file") {
      this.#receive(path, header, body, next);
      return;
    } else if (!isTop)
      this.#attempt(path, () => {
        this.#take(path, header);
      });
    body.on("end", next);
    body.resume();
  }

  #reasonAgainst(path: string, header: Header): string | undefined {
    const { type, size } = header;
    const { rules, wanted, limits } = this.#options;
    // What was asked for had its path judged then.
    const reason = wanted?.has(path) ? undefined : refusePath(path, rules);
    if (reason !== undefined) return reason;
    if (!TAKEN.has(type)) return "is neither a file, a folder nor a link";
    const linkReason = type === "symlink" ? refuseTarget(path, targetOf(header)) : undefined;
    if (linkReason !== undefined) return linkReason;
    if (wanted && !wanted.has(path)) return "was not asked for";
    if (this.#entries > limits.entries) return `is one of more than ${limits.entries} entries`;
    if (type !== "directory" && size > limits.bytes - this.#bytes) return "is bigger than there is room for";
    return rules.foldsCase ? this.#clash(path) : undefined;
  }

  /** Two names that are one here would make one file of two. */
  #clash(path: string): string | undefined {
    for (let end = path.indexOf("/"); ; end = path.indexOf("/", end + 1)) {
      const part = end < 0 ? path : path.slice(0, end);
      const known = this.#spellings.get(foldName(part));
      if (known !== undefined && known !== part) return `differs from ${known} only in how it is spelt`;
      this.#spellings.set(foldName(part), part);
      if (end < 0) return undefined;
    }
  }

  #take(path: string, header: Header): void {
    const { writer } = this.#options;
    if (header.type === "directory") writer.makeFolder(path, header.mode);
    else if (header.type === "symlink") this.#links.push({ path, target: targetOf(header) });
    else {
      const of = this.#files.get(plainPath(targetOf(header)));
      if (of === undefined) throw new Refusal("is a second name of a file that did not come");
      this.#report({ path, bytes: 0, placed: writer.placeCopy(of, this.#facts(path, header)) });
    }
  }

  #receive(path: string, header: Header, body: Body, next: () => void): void {
    const { writer } = this.#options;
    let isRefused = false;
    const attempt = (step: () => void) => {
      if (!isRefused) isRefused = !this.#attempt(path, step);
    };
    let file: OpenFile | undefined;
    attempt(() => {
      this.#open = file = writer.open();
    });
    body.on("data", (part) => {
      attempt(() => file?.write(part as Uint8Array));
    });
    body.on("end", () => {
      attempt(() => {
        if (!file || this.#end) return;
        const placed = writer.place(file, this.#facts(path, header));
        this.#bytes += header.size;
        this.#files.set(path, placed.kind === "copied" ? placed.copy : path);
        this.#report({ path, bytes: header.size, placed });
      });
      this.#discardOpen();
      next();
    });
  }

  /** The listing has the time's fraction, which the archive's header lacks. */
  #facts(path: string, { mode, mtime, pax }: Header) {
    const listed = this.#options.wanted?.get(path)?.mtime;
    const told = Number((pax as Record<string, string> | null | undefined)?.mtime ?? mtime.getTime() / 1000);
    const isSame = listed !== undefined && Math.floor(listed) === Math.floor(told);
    return { path, mode, mtime: isSame ? listed : told };
  }

  #attempt(path: string, step: () => void): boolean {
    try {
      step();
      return true;
    } catch (error) {
      this.#refuse(path, reasonOf(error));
      return false;
    }
  }

  #report(entry: UnpackedEntry): void {
    this.#options.onPlaced(entry);
  }

  #discardOpen(): void {
    this.#open?.discard();
    this.#open = undefined;
  }

  #refuse(path: string, reason: string): void {
    this.#refusedCount += 1;
    if (this.#refused.length < MAX_REFUSED) this.#refused.push({ path, reason });
  }
}

type Body = ExtractEvents["entry"][1];

interface Link {
  readonly path: string;
  readonly target: string;
}

/** More would be read by nobody, and cost memory. */
const MAX_REFUSED = 1000;

const TAKEN: ReadonlySet<string> = new Set(["file", "contiguous-file", "directory", "symlink", "link"]);

/** Its type says that there always is one. */
const targetOf = (header: { readonly linkname: string | null }): string => header.linkname ?? "";

function reasonOf(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  switch (codeOf(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return "cannot be written: no space is left";
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "cannot be written: permission denied";
    case "ENAMETOOLONG":
      return "has a name that is too long here";
    default:
      return `cannot be written: ${messageOf(error)}`;
  }
}
