import { text } from "node:stream/consumers";
import type { IsolatedRoot } from "../../base/isolation";

/** Where a layer keeps what it shows at the root. */
export const CONTENT = "content";

/** A folder of a sandbox by its path without links; rejects with code `ENOENT` where there is none. */
export async function resolveInside(root: Pick<IsolatedRoot, "spawn">, path: string): Promise<string> {
  const pwd = await root.spawn({ argv: ["pwd", "-P"], env: {}, workdir: path });
  pwd.stderr.resume();
  return (await text(pwd.stdout)).replace(/\n$/, "");
}

/** The same, for a folder that is made where it is missing. */
export async function makeInside(root: Pick<IsolatedRoot, "spawn">, path: string): Promise<string> {
  const mkdir = await root.spawn({ argv: ["mkdir", "-p", "--", path], env: {}, workdir: "/" });
  mkdir.stdout.resume();
  const complaint = (await text(mkdir.stderr)).trim();
  const exit = await mkdir.exited;
  if (exit.kind !== "code" || exit.code !== 0) throw new Error(complaint || `The folder ${path} could not be made.`);
  return resolveInside(root, path);
}
