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

/** Where something that was pulled ended up. */
export type Placed =
  | { readonly kind: "written"; readonly stats: Stats }
  /** It was there already, byte for byte. */
  | { readonly kind: "same"; readonly stats: Stats }
  /** Beside what is there, under a name of its own. */
  | { readonly kind: "copied"; readonly copy: string; readonly stats: Stats | undefined };

/** Why something cannot be written. The message is half a sentence, to stand after the path. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

/** Whether what lies at a path may be replaced; asked immediately before it would be. */
export type MayReplace = (path: string, there: Stats) => boolean;

/** How something is called that must not be written under its own path; `undefined` for what may be. */
export type CopyNameOf = (path: string) => ((count: number) => string) | undefined;

export interface FolderWriterOptions {
  /** Without links in it. */
  readonly root: string;
  /** Where files are filled that are not in their place yet, if not in `root`; on the same file system. */
  readonly stagingIn?: string;
  readonly mayReplace: MayReplace;
  readonly copyNameOf?: CopyNameOf;
  /** Names where the files come from, in the names of copies. */
  readonly from?: string | undefined;
}

export interface FileFacts {
  readonly path: string;
  readonly mode: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
}

/**
 * Writes what a sandbox sends into a folder: each file is filled in a folder of the writer's own and renamed into its
 * place, so that a file under its final name is whole at every moment. Follows no link, checks every folder on the way,
 * and replaces only what `mayReplace` allows. Paths are relative, with `/`, and passed `refusePath`. Blocks (see `scan`).
 */
export class FolderWriter {
  readonly #root: string;
  readonly #stagingIn: string;
  readonly #mayReplace: MayReplace;
  readonly #copyNameOf: CopyNameOf;
  readonly #from: string | undefined;
  /** Folders that are known to be real ones. Links are made last, so they stay it. */
  readonly #folders = new Set<string>([""]);
  /** Those of them that this writer made: nothing of anyone else's is in there. */
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
   * A file to be filled, then placed or discarded.
   * @param size of its content, if that is known
   */
  open(size: number | undefined): OpenFile {
    return new OpenFile(size, () => this.#staged());
  }

  /** Throws a Refusal or what the system says; the open file is then to be discarded. */
  place(file: OpenFile, { path, mode, mtime }: FileFacts): Placed {
    const isSame = (absolute: string, stats: Stats) => file.holdsSame(absolute, stats);
    const placed = this.#place(() => file.finish(mode & 0o777, mtime), path, isSame);
    if (placed.kind !== "same") file.release();
    return placed;
  }

  /** As `place`, for a second name of a file of this folder, which gets a copy. */
  placeCopy(of: string, facts: FileFacts): Placed {
    const file = this.open(undefined);
    try {
      file.copy(join(this.#root, of));
      return this.place(file, facts);
    } finally {
      file.discard();
    }
  }

  /** Its target passed `refuseTarget`. */
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

  /** A folder that is there keeps its mode. */
  makeFolder(path: string, mode: number): void {
    const isNew = this.#enter(path);
    if (isNew) chmodSync(join(this.#root, path), (mode & 0o777) | 0o700);
  }

  /** Leaves nothing but what was placed. */
  dispose(): void {
    if (this.#staging !== undefined) rmSync(this.#staging, { recursive: true, force: true });
    this.#staging = undefined;
  }

  /** A name of its own among what is not in its place yet. */
  #staged(): string {
    this.#staging ??= mkdtempSync(join(this.#stagingIn, stagingPrefix()));
    this.#count += 1;
    return `${this.#staging}/${this.#count}`;
  }

  /** @param make what is to be placed, and returns where; only if it is not there already */
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

  /** True for a folder that is here and not behind a link. */
  #isReached(folder: string): boolean {
    if (this.#folders.has(folder)) return true;
    return this.#isReached(parentOf(folder)) && this.#stats(folder)?.isDirectory() === true;
  }

  #stats(path: string): Stats | undefined {
    return lstatSync(join(this.#root, path), { throwIfNoEntry: false });
  }

  /** A copy that holds the same is written again rather than kept twice. */
  #freeName(nameOf: (count: number) => string, isSame: IsSame): string {
    for (let count = 1; ; count += 1) {
      const copy = nameOf(count);
      const absolute = join(this.#root, copy);
      const there = lstatSync(absolute, { throwIfNoEntry: false });
      if (!there || isSame(absolute, there)) return copy;
    }
  }

  /** Makes the folder and those above it where they are missing. */
  #enter(folder: string): boolean {
    if (this.#folders.has(folder)) return false;
    this.#enter(parentOf(folder));
    const absolute = join(this.#root, folder);
    const there = lstatSync(absolute, { throwIfNoEntry: false });
    if (there?.isSymbolicLink()) throw new Refusal(`lies behind the link ${folder}, which is not followed`);
    if (there && !there.isDirectory()) throw new Refusal(`cannot be written: ${folder} is no folder here`);
    if (!there) {
      mkdirSync(absolute);
      this.#made.add(folder);
    }
    this.#folders.add(folder);
    return there === undefined;
  }
}

/** True if what is at a path already is what is to be placed. */
type IsSame = (absolute: string, stats: Stats) => boolean;

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** By a rename, which replaces a link rather than what it leads to; onto another file system by way of a copy beside. */
function moveInto(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (codeOf(error) !== "EXDEV" || lstatSync(from).isSymbolicLink()) throw error;
    removeLeftovers(dirname(to));
    const beside = join(dirname(to), `${stagingPrefix()}beside`);
    copyFileSync(from, beside);
    const { atime, mtime, mode } = lstatSync(from);
    const file = openSync(beside, "r+");
    fchmodSync(file, mode & 0o777);
    futimesSync(file, atime, mtime);
    closeSync(file);
    renameSync(beside, to);
    unlinkSync(from);
  }
}

const readlink = (path: string): string => readlinkSync(path).replaceAll(sep, "/");

/** Whether what is on the disk already takes the link out of the folder, by way of other links. */
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
