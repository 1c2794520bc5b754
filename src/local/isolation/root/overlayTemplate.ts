import { execFile } from "node:child_process";
import { chmod, chown, mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { FreshFolder } from "./freshFolders";
import { installFsTools } from "./fsTools";
import REPLACE_FOLDERS from "./replaceFolders.sh";
import { findProgram, systemPath, type Host } from "../host/host";
import type { ResolverFile } from "../network/resolver";

/**
 * The initial content of every sandbox's layer. An empty folder in a layer lets the host's files in that folder show
 * through. A folder that the overlay driver itself created in place of another does not, so the driver creates these
 * folders on a small file system.
 */
export async function buildTemplate(
  host: Host,
  fresh: readonly FreshFolder[],
  mountPoints: readonly string[],
  resolver: ResolverFile | undefined,
): Promise<string> {
  const workshop = join(host.folder.path, "template");
  const upper = join(workshop, "upper");
  for (const name of ["lower", "upper", "work", "merged"]) await mkdir(join(workshop, name), { recursive: true });

  for (const { path } of fresh) {
    await mkdirLikeHost(join(workshop, "lower"), dirname(path));
    await mkdir(join(workshop, "lower", path));
    await writeFile(join(workshop, "lower", path, "replaced"), "");
  }
  const words = ["-m", "/bin/sh", "-c", REPLACE_FOLDERS, "sh", ...fresh.map(({ path }) => path)];
  await promisify(execFile)(findProgram("unshare", host), words, { cwd: workshop, env: { PATH: systemPath(host) } });
  for (const { path, mode } of fresh) await chmod(join(upper, path), mode);

  for (const path of mountPoints) await mkdir(join(upper, path), { recursive: true });
  await installFsTools(host, upper);
  if (resolver) {
    await mkdirLikeHost(upper, dirname(resolver.path));
    await writeFile(join(upper, resolver.path), resolver.content);
  }
  return upper;
}

/** A layer's folder shows its own owner and mode, not those of the folder beneath. */
async function mkdirLikeHost(base: string, path: string): Promise<void> {
  if (path === "/") return;
  await mkdirLikeHost(base, dirname(path));
  await mkdir(join(base, path), { recursive: true });
  const { mode, uid, gid } = await stat(path);
  await chown(join(base, path), uid, gid);
  await chmod(join(base, path), mode & 0o7777);
}
