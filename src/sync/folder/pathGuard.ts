import { foldName } from "./foldName";
import type { LocalFolder } from "./localFolder";
import { protectionOf, STEERS_GIT } from "./protectedNames";
import { protectedCopyName } from "./pullNames";
import type { RemoteEntry } from "../remote/remoteListing";

/** The reason why a pull keeps an entry only as a copy. */
export interface Guarded {
  readonly reason: string;
  /** Returns the name of the copy; a different one for each `count`, which starts at 1. */
  readonly copyName: (count: number) => string;
}

/**
 * Finds entries of a sandbox that must not be pulled under their own names: the names in `PROTECTED`, and entries that
 * would create or change a git repository under any name, whose configuration can run commands. Synchronous (see
 * `scan`).
 */
export class PathGuard {
  readonly #here: LocalFolder;
  readonly #folders = new Map<string, FolderGuard>();
  /** Folders in the sandbox that contain a repository's files, with the names of these files. */
  readonly #gitFiles = new Map<string, Set<string>>();

  constructor(here: LocalFolder, listing: readonly Pick<RemoteEntry, "path">[]) {
    this.#here = here;
    for (const { path } of listing) {
      const name = foldName(nameOf(path));
      if (!GIT_FILES.has(name)) continue;
      const folder = parentOf(path);
      this.#gitFiles.set(folder, (this.#gitFiles.get(folder) ?? new Set()).add(name));
    }
  }

  /** Returns `undefined` for an entry that can keep its name. */
  guard(path: string, kind: RemoteEntry["kind"]): Guarded | undefined {
    const outer = this.#folder(parentOf(path));
    const own = this.#protectionOf(outer, nameOf(path), kind === "directory");
    const reason = outer.reason ?? own;
    if (reason === undefined) return undefined;
    const protectedAt = own === undefined ? outer.protectedAt : [...outer.protectedAt, outer.depth];
    return { reason, copyName: (count) => protectedCopyName(path, protectedAt, count) };
  }

  #folder(path: string): FolderGuard {
    const known = this.#folders.get(path);
    if (known) return known;
    const guard = path === "" ? this.#guardIn("", TOP) : this.#guardBelow(path);
    this.#folders.set(path, guard);
    return guard;
  }

  #guardBelow(path: string): FolderGuard {
    const outer = this.#folder(parentOf(path));
    const own = this.#protectionOf(outer, nameOf(path), true);
    return this.#guardIn(path, {
      reason: outer.reason ?? own,
      protectedAt: own === undefined ? outer.protectedAt : [...outer.protectedAt, outer.depth],
      depth: outer.depth + 1,
    });
  }

  #guardIn(path: string, guard: Omit<FolderGuard, "isRepository">): FolderGuard {
    return { ...guard, isRepository: this.#isRepository(path) };
  }

  #protectionOf({ isRepository }: FolderGuard, name: string, isFolder: boolean): string | undefined {
    return protectionOf(name, isFolder) ?? (isRepository ? STEERS_GIT : undefined);
  }

  /** True if the folder is a bare repository, or becomes one together with the files that are here. */
  #isRepository(folder: string): boolean {
    const there = this.#gitFiles.get(folder);
    const has = (name: string) =>
      there?.has(foldName(name)) === true || this.#here.stats(folder === "" ? name : `${folder}/${name}`) !== undefined;
    return has("HEAD") && (has("objects") || has("refs") || has("commondir"));
  }
}

interface FolderGuard {
  readonly reason: string | undefined;
  readonly protectedAt: readonly number[];
  /** The depth below the root. */
  readonly depth: number;
  readonly isRepository: boolean;
}

const TOP = { reason: undefined, protectedAt: [], depth: 0 };

const GIT_FILES: ReadonlySet<string> = new Set(["head", "objects", "refs", "commondir"]);

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));
