/** A module as `python -m` takes it, and where it has to be started, relative to the folder, with `/`. */
export interface ModulePlace {
  readonly module: string;
  readonly workdir: string;
}

/**
 * The module that a file or a folder of the folder is; `undefined` where its path makes no name. It is started above the
 * outermost package that it is in: above `src/app` for `src/app/train.py` if `src/app` is one, else in the folder itself.
 * @param packages the folders on the way with an `__init__.py`, relative to the folder
 */
export function modulePlace(path: string, packages: ReadonlySet<string>): ModulePlace | undefined {
  const parts = path.replace(/\.pyw?$/, "").split("/");
  if (parts.at(-1) === "__main__" || parts.at(-1) === "__init__") parts.pop();
  const above = parts.map((_, index) => parts.slice(0, index).join("/"));
  const isPackage = (index: number) => packages.has(above[index] ?? "") && above[index] !== "";
  let start = parts.length - 1;
  while (start > 0 && isPackage(start)) start -= 1;
  // Where nothing is a package, any folder may be a namespace of the whole.
  if (start === parts.length - 1 && !packages.has(parts.join("/"))) start = 0;
  const names = parts.slice(start);
  if (names.length === 0 || !names.every((name) => NAME.test(name))) return undefined;
  return { module: names.join("."), workdir: above[start] ?? "" };
}

const NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u;
