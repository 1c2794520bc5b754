import { isEnvironment } from "./builtinExcludes";

/** Returns the folders in a listing whose content shows that they are virtual environments. */
export function environmentsIn(listing: readonly { readonly path: string }[]): ReadonlySet<string> {
  const telling = new Map<string, Set<string>>();
  for (const { path } of listing) {
    const slash = path.lastIndexOf("/");
    const name = path.slice(slash + 1);
    if (name !== "pyvenv.cfg" && name !== "conda-meta" && name !== "bin") continue;
    const folder = path.slice(0, Math.max(0, slash));
    telling.set(folder, (telling.get(folder) ?? new Set()).add(name));
  }
  return new Set([...telling].flatMap(([folder, names]) => (folder !== "" && isEnvironment(names) ? [folder] : [])));
}
