import { text } from "node:stream/consumers";
import type { IsolatedRoot } from "../../base/isolation";

/** The folder in a layer that holds the files shown at the root. */
export const CONTENT = "content";

/** Resolves the links in the path of a sandbox's folder. Rejects with code `ENOENT` if the folder does not exist. */
export async function resolveInside(root: Pick<IsolatedRoot, "spawn">, path: string): Promise<string> {
  const pwd = await root.spawn({ argv: ["pwd", "-P"], env: {}, workdir: path });
  pwd.stderr.resume();
  return (await text(pwd.stdout)).replace(/\n$/, "");
}

/** Like `resolveInside`, but creates a missing folder. */
export async function makeInside(root: Pick<IsolatedRoot, "spawn">, path: string): Promise<string> {
  const mkdir = await root.spawn({ argv: ["mkdir", "-p", "--", path], env: {}, workdir: "/" });
  mkdir.stdout.resume();
  const complaint = (await text(mkdir.stderr)).trim();
  const exit = await mkdir.exited;
  if (exit.kind !== "code" || exit.code !== 0) throw new Error(complaint || `The folder ${path} could not be created.`);
  return resolveInside(root, path);
}
