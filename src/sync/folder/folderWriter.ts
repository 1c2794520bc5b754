import {
  chmodSync,
  closeSync,
  copyFileSync,
  fchmodSync,
  futimesSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  type Stats,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";

import { codeOf } from "../../base/errors";
import { OpenFile } from "./openFile";
import { removeLeftovers, stagingPrefix } from "../pull/pullLeftovers";
import { copyName } from "./pullNames";

/** The place of a pulled entry. */
export type Placed =
  | { readonly kind: "written"; readonly stats: Stats }
  /** Identical content was already there. */
  | { readonly kind: "same"; readonly stats: Stats }
  /** Written next to the existing file, under another name. */
  | { readonly kind: "copied"; readonly copy: string; readonly stats: Stats | undefined };

/** The reason why an entry cannot be written. The message is a phrase that follows the path. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

/** Returns true if the existing entry at a path may be replaced; called immediately before replacing it. */
export type MayReplace = (path: string, there: Stats) => boolean;

/** Returns the copy names for an entry that must not be written under its own path; `undefined` for other entries. */
export type CopyNameOf = (path: string) => ((count: number) => string) | undefined;

export interface FolderWriterOptions {
  /** Absolute, with links resolved. */
  readonly root: string;
  /** The folder for unfinished files, if not `root`; it must be on the same file system. */
  readonly stagingIn?: string;
  readonly mayReplace: MayReplace;
  readonly copyNameOf?: CopyNameOf;
  /** The origin of the files, which appears in the names of copies. */
  readonly from?: string | undefined;
}

export interface FileFacts {
  readonly path: string;
  readonly mode: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
}

/**
 * Writes files from a sandbox into a folder. Each file is filled in a staging folder and then renamed, so a file under
 * its final name is always complete. Follows no link, checks every folder on the way, and replaces only what
 * `mayReplace` allows. Paths are relative, use `/`, and have passed `refusePath`. Synchronous (see `scan`).
 */
export class FolderWriter {
  readonly #root: string;
  readonly #stagingIn: string;
  readonly #mayReplace: MayReplace;
  readonly #copyNameOf: CopyNameOf;
  readonly #from: string | undefined;
  /** Folders that are known to be real folders. Links are created last, so these stay real. */
  readonly #folders = new Set<string>([""]);
  /** The ones that this writer created, which contain no files of others. */
  readonly #made = new Set<string>();
  #staging: string | undefined;
  #count = 0;

  constructor({ root, stagingIn = root, mayReplace, copyNameOf = () => undefined, from }: FolderWriterOptions) {
    this.#root = root;
    this.#stagingIn = stagingIn;
    this.#mayReplace = mayReplace;
    this.#copyNameOf = copyNameOf;
    this.#from = from;
  }

  /**
   * Opens a file to fill and then place or discard.
   * @param size of its content, if known
   */
  open(size: number | undefined): OpenFile {
    return new OpenFile(size, () => this.#staged());
  }

  /** Completes a file that is placed later with the same facts. */
  settle(file: OpenFile, { mode, mtime }: FileFacts): void {
    file.settle(mode & 0o777, mtime);
  }

  /** Throws a `Refusal` or a system error; the caller must then discard the file. */
  place(file: OpenFile, { path, mode, mtime }: FileFacts): Placed {
    const isSame = (absolute: string, stats: Stats) => file.holdsSame(absolute, stats);
    const placed = this.#place(() => file.finish(mode & 0o777, mtime), path, isSame);
    if (placed.kind !== "same") file.release();
    return placed;
  }

  /** Like `place`, for a hard link to a file in this folder: it becomes a copy. */
  placeCopy(of: string, facts: FileFacts): Placed {
    const file = this.open(undefined);
    try {
      file.copy(join(this.#root, of));
      return this.place(file, facts);
    } finally {
      file.discard();
    }
  }

  /** The target must have passed `refuseTarget`. */
  placeLink(path: string, target: string): Placed {
    if (leadsOut(this.#root, path, target)) throw new Refusal("is a link out of the folder");
    const staged = this.#staged();
    const make = () => {
      symlinkSync(target, staged);
      return staged;
    };
    const isSame = (absolute: string, stats: Stats) => stats.isSymbolicLink() && readlink(absolute) === target;
    try {
      return this.#place(make, path, isSame);
    } finally {
      rmSync(staged, { force: true });
    }
  }

  /** An existing folder keeps its mode. */
  makeFolder(path: string, mode: number): void {
    const isNew = this.#enter(path);
    if (isNew) chmodSync(join(this.#root, path), (mode & 0o777) | 0o700);
  }

  /** Deletes everything that was not placed. */
  dispose(): void {
    if (this.#staging !== undefined) rmSync(this.#staging, { recursive: true, force: true });
    this.#staging = undefined;
  }

  /** Returns a unique path in the staging folder. */
  #staged(): string {
    this.#staging ??= mkdtempSync(join(this.#stagingIn, stagingPrefix()));
    this.#count += 1;
    return `${this.#staging}/${this.#count}`;
  }

  /** @param make creates the entry and returns its path; called only if an identical one is not there already */
  #place(make: () => string, path: string, isSame: IsSame): Placed {
    const copyNameHere = this.#copyNameOf(path);
    if (copyNameHere) return this.#placeProtected(make, path, isSame, copyNameHere);

    const parent = parentOf(path);
    this.#enter(parent);
    const absolute = `${this.#root}/${path}`;
    const isNew = this.#made.has(parent) && !this.#folders.has(path);
    const there = isNew ? undefined : lstatSync(absolute, { throwIfNoEntry: false });
    if (there && isSame(absolute, there)) return { kind: "same", stats: there };
    if (!there || (!there.isDirectory() && this.#mayReplace(path, there))) {
      moveInto(make(), absolute);
      return { kind: "written", stats: lstatSync(absolute) };
    }

    const copy = this.#freeName((count) => copyName(path, count, this.#from), isSame);
    moveInto(make(), join(this.#root, copy));
    return { kind: "copied", copy, stats: there };
  }

  #placeProtected(make: () => string, path: string, isSame: IsSame, nameOf: (count: number) => string): Placed {
    const there = this.#isReached(parentOf(path)) ? this.#stats(path) : undefined;
    if (there && isSame(`${this.#root}/${path}`, there)) return { kind: "same", stats: there };

    const copy = this.#freeName(nameOf, isSame);
    this.#enter(parentOf(copy));
    moveInto(make(), join(this.#root, copy));
    return { kind: "copied", copy, stats: there };
  }

  /** True for a folder that exists here and is not behind a link. */
  #isReached(folder: string): boolean {
    if (this.#folders.has(folder)) return true;
    return this.#isReached(parentOf(folder)) && this.#stats(folder)?.isDirectory() === true;
  }

  #stats(path: string): Stats | undefined {
    return lstatSync(join(this.#root, path), { throwIfNoEntry: false });
  }

  /** An identical copy is reused rather than kept twice. */
  #freeName(nameOf: (count: number) => string, isSame: IsSame): string {
    for (let count = 1; ; count += 1) {
      const copy = nameOf(count);
      const absolute = join(this.#root, copy);
      const there = lstatSync(absolute, { throwIfNoEntry: false });
      if (!there || isSame(absolute, there)) return copy;
    }
  }

  /** Creates the folder and its missing parents. @returns true if it is new */
  #enter(folder: string): boolean {
    if (this.#folders.has(folder)) return false;
    this.#enter(parentOf(folder));
    const absolute = join(this.#root, folder);
    const there = lstatSync(absolute, { throwIfNoEntry: false });
    if (there?.isSymbolicLink()) throw new Refusal(`is behind the link ${folder}, which is not followed`);
    if (there && !there.isDirectory()) throw new Refusal(`cannot be written: ${folder} isn't a folder here`);
    if (!there) {
      mkdirSync(absolute);
      this.#made.add(folder);
    }
    this.#folders.add(folder);
    return there === undefined;
  }
}

/** True if the entry at a path is identical to the one to be placed. */
type IsSame = (absolute: string, stats: Stats) => boolean;

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** Renames, which replaces a link rather than its target. Across file systems, copies next to the target first. */
function moveInto(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (codeOf(error) !== "EXDEV" || lstatSync(from).isSymbolicLink()) throw error;
    removeLeftovers(dirname(to));
    const staged = join(dirname(to), `${stagingPrefix()}staged`);
    copyFileSync(from, staged);
    const { atime, mtime, mode } = lstatSync(from);
    const file = openSync(staged, "r+");
    fchmodSync(file, mode & 0o777);
    futimesSync(file, atime, mtime);
    closeSync(file);
    renameSync(staged, to);
    unlinkSync(from);
  }
}

const readlink = (path: string): string => readlinkSync(path).replaceAll(sep, "/");

/** True if links on the disk already take the link out of the folder. */
function leadsOut(root: string, path: string, target: string): boolean {
  for (let towards = join(root, dirname(path), target); towards !== root; towards = dirname(towards)) {
    try {
      const real = relative(root, realpathSync(towards));
      return real === ".." || real.startsWith(`..${sep}`) || /^([a-z]:)?[\\/]/i.test(real);
    } catch {
      if (towards === dirname(towards)) return true;
    }
  }
  return false;
}
