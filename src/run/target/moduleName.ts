/** A module's name for `python -m`, and the folder in which to start it, relative to the synced folder, with `/`. */
export interface ModulePlace {
  readonly module: string;
  readonly workdir: string;
}

/**
 * Returns the module for a file or subfolder, `undefined` if its path isn't a valid module name. It starts in the
 * parent of its outermost package: in the parent of `src/app` for `src/app/train.py` if `src/app` is a package,
 * otherwise in the synced folder.
 * @param packages the parent folders that have an `__init__.py`, relative to the synced folder
 */
export function modulePlace(path: string, packages: ReadonlySet<string>): ModulePlace | undefined {
  const parts = path.replace(/\.pyw?$/, "").split("/");
  if (parts.at(-1) === "__main__" || parts.at(-1) === "__init__") parts.pop();
  const above = parts.map((_, index) => parts.slice(0, index).join("/"));
  const isPackage = (index: number) => packages.has(above[index] ?? "") && above[index] !== "";
  let start = parts.length - 1;
  while (start > 0 && isPackage(start)) start -= 1;
  // Without any package, every parent folder may be part of a namespace package.
  if (start === parts.length - 1 && !packages.has(parts.join("/"))) start = 0;
  const names = parts.slice(start);
  if (names.length === 0 || !names.every((name) => NAME.test(name))) return undefined;
  return { module: names.join("."), workdir: above[start] ?? "" };
}

const NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u;
