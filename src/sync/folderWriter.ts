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
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeSync,
  type Stats,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";

import { codeOf } from "../base/errors";
import { copyName, PULL_PREFIX } from "./pullNames";

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
  readonly #mayReplace: MayReplace;
  /** Folders that are known to be real ones. Links are made last, so they stay it. */
  readonly #folders = new Set<string>([""]);
  /** Those of them that this writer made: nothing of anyone else's is in there. */
  readonly #made = new Set<string>();
  #staging: string | undefined;
  #count = 0;

  /** @param root without links in it */
  constructor(root: string, mayReplace: MayReplace) {
    this.#root = root;
    this.#mayReplace = mayReplace;
  }

  /** A file to be filled, then placed or discarded. */
  open(): OpenFile {
    this.#staging ??= mkdtempSync(join(this.#root, PULL_PREFIX));
    this.#count += 1;
    return new OpenFile(join(this.#staging, String(this.#count)));
  }

  /** Throws a Refusal or what the system says; the open file is then to be discarded. */
  place(file: OpenFile, { path, mode, mtime }: FileFacts): Placed {
    file.finish(mode & 0o777, mtime);
    const placed = this.#place(file.path, path, (absolute) => holdsSame(file.path, absolute));
    if (placed.kind !== "same") file.release();
    return placed;
  }

  /** As `place`, for a second name of a file of this folder, which gets a copy. */
  placeCopy(of: string, facts: FileFacts): Placed {
    const file = this.open();
    try {
      copyFileSync(join(this.#root, of), file.path);
      return this.place(file, facts);
    } finally {
      file.discard();
    }
  }

  /** Its target passed `refuseTarget`. */
  placeLink(path: string, target: string): Placed {
    if (leadsOut(this.#root, path, target)) throw new Refusal("is a link out of the folder");
    const file = this.open();
    file.discard();
    symlinkSync(target, file.path);
    try {
      return this.#place(file.path, path, (absolute, stats) => stats.isSymbolicLink() && readlink(absolute) === target);
    } finally {
      rmSync(file.path, { force: true });
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

  #place(from: string, path: string, isSame: (absolute: string, stats: Stats) => boolean): Placed {
    const parent = parentOf(path);
    this.#enter(parent);
    const absolute = `${this.#root}/${path}`;
    const isNew = this.#made.has(parent) && !this.#folders.has(path);
    const there = isNew ? undefined : lstatSync(absolute, { throwIfNoEntry: false });
    if (there && isSame(absolute, there)) return { kind: "same", stats: there };
    if (!there || (!there.isDirectory() && this.#mayReplace(path, there))) {
      moveInto(from, absolute);
      return { kind: "written", stats: lstatSync(absolute) };
    }

    const copy = this.#freeCopyName(path, isSame);
    moveInto(from, join(this.#root, copy));
    return { kind: "copied", copy, stats: there };
  }

  /** A copy that holds the same is written again rather than kept twice. */
  #freeCopyName(path: string, isSame: (absolute: string, stats: Stats) => boolean): string {
    for (let count = 1; ; count += 1) {
      const copy = copyName(path, count);
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

/** A file that is being filled under a name that nobody looks for. */
export class OpenFile {
  readonly path: string;
  #file: number | undefined;
  #isOurs = true;

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, "wx", 0o600);
  }

  write(bytes: Uint8Array): void {
    if (this.#file === undefined) return;
    for (let written = 0; written < bytes.length;) written += writeSync(this.#file, bytes, written);
  }

  finish(mode: number, mtime: number): void {
    if (this.#file === undefined) return;
    fchmodSync(this.#file, mode);
    futimesSync(this.#file, mtime, mtime);
    this.#close();
  }

  /** It was moved away. */
  release(): void {
    this.#isOurs = false;
  }

  discard(): void {
    this.#close();
    if (this.#isOurs) rmSync(this.path, { force: true });
    this.#isOurs = false;
  }

  #close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** By a rename, which replaces a link rather than what it leads to; onto another file system by way of a copy beside. */
function moveInto(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (codeOf(error) !== "EXDEV" || lstatSync(from).isSymbolicLink()) throw error;
    const beside = join(dirname(to), `${PULL_PREFIX}${process.pid}`);
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

/** Files above this size are taken as different: comparing them would cost as much as reading both. */
const COMPARE_BYTES = 64 * 1024 * 1024;

function holdsSame(file: string, there: string): boolean {
  const [one, other] = [lstatSync(file), lstatSync(there)];
  if (!other.isFile() || one.size !== other.size || one.size > COMPARE_BYTES) return false;
  try {
    return readFileSync(file).equals(readFileSync(there));
  } catch {
    return false;
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
