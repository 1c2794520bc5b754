import { existsSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Isolation } from "../base/isolation";
import { DEVICE_LINKS, DEVICES } from "./root/devices";
import { freshFolders } from "./root/freshFolders";
import type { Host } from "./host/host";
import { isWithin, isWithinAny, visibleFolders } from "./host/hostPaths";
import { CONTENT } from "./root/insidePaths";
import { lowerOptions } from "./root/lowers";
import { readMountPoints, toFstab, type Mount } from "./root/mountTable";
import { savedAt } from "./root/openFolders";
import { createNamespaceIsolation } from "./namespaces";
import { buildTemplate } from "./root/overlayTemplate";
import { canLeadOut } from "./network/ownNetwork";
import { resolverFile } from "./network/resolver";
import ASSEMBLE from "./assembleOverlay.sh";
import ENTER from "./enterOverlay.sh";

/**
 * Isolation for root. Each sandbox sees the host's file system under its own layer, which takes all writes. Fresh
 * folders replace the personal and temporary ones.
 */
export async function createOverlayIsolation(host: Host): Promise<Isolation> {
  const fresh = freshFolders(host);
  const hidden = fresh.map(({ path }) => path);
  const tools = visibleFolders(host, hidden);
  const hasOwnNetwork = await canLeadOut(host, false);
  const resolver = await resolverFile(hasOwnNetwork);
  const added = [...tools, ...otherFileSystems([...hidden, ...(resolver ? [resolver.path] : [])])];
  const template = await buildTemplate(host, fresh, tools, resolver);

  return createNamespaceIsolation(host, {
    kind: "overlay",
    description: "Each sandbox writes to its own layer over this machine's files. This is not a security boundary.",
    isUnprivileged: false,
    hasOwnNetwork,
    home: "/root",
    layering: "stacked",
    assemble: { script: ASSEMBLE, words: [] },
    enter: { script: ENTER, words: [...DEVICES, "--", ...Object.entries(DEVICE_LINKS).flat()] },
    prepare: async (path, layers) => {
      for (const name of ["upper", "work", "root", "host"]) await mkdir(join(path, name));
      const folders = [...layers.map((layer) => join(layer, CONTENT)).toReversed(), template];
      await writeFile(join(path, "lowers"), await lowerOptions(path, folders));
      await writeFile(join(path, "base.fstab"), toFstab(BASE));
      await writeFile(join(path, "added.fstab"), toFstab(await layOver({ added, path, layers, host })));
    },
    unsaved: () => [],
    changes: (path) => [
      { name: CONTENT, folder: join(path, "upper") },
      ...added.flatMap((target, index) =>
        isFolder(target) ? [{ name: savedAt(target), folder: join(path, String(index), "upper") }] : [],
      ),
    ],
  });
}

/** An overlay shows only one file system, so the host's mounts on it, such as GPU drivers, have to be added. */
const otherFileSystems = (hidden: readonly string[]): string[] =>
  readMountPoints()
    .map(({ path }) => path)
    .filter((path) => path !== "/" && !isWithinAny(path, [...KERNEL, ...hidden]) && existsSync(path));

const KERNEL = ["/proc", "/sys", "/dev"];

interface LayOverOptions {
  readonly added: readonly string[];
  readonly path: string;
  readonly layers: readonly string[];
  readonly host: Host;
}

/** Shows every path read-only. Each folder also gets the sandbox's own layer on top if it can have one. */
async function layOver({ added, path, layers, host }: LayOverOptions): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const [index, source] of added.entries()) {
    const target = join(path, "root", source);
    mounts.push({ source, target, type: "none", options: ["bind", "ro"] });
    if (!isFolder(source)) continue;
    const own = join(path, String(index));
    for (const name of ["upper", "work"]) await mkdir(join(own, name), { recursive: true });
    const places = layers.map((layer) => join(layer, savedAt(source))).filter((place) => existsSync(place));
    // The kernel refuses a layer inside another one.
    const lowers = isWithin(host.stateDir, source) ? [source] : [...places.toReversed(), source];
    mounts.push({
      source: "overlay",
      target,
      type: "overlay",
      options: [`lowerdir=${lowers.join(":")}`, `upperdir=${own}/upper`, `workdir=${own}/work`],
    });
  }
  return mounts;
}

const isFolder = (path: string): boolean => statSync(path).isDirectory();

const BASE: readonly Mount[] = [
  { source: "proc", target: "/proc", type: "proc", options: ["nosuid", "nodev", "noexec"] },
  { source: "sysfs", target: "/sys", type: "sysfs", options: ["ro", "nosuid", "nodev", "noexec"] },
  { source: "tmpfs", target: "/dev", type: "tmpfs", options: ["mode=755", "nosuid"] },
  {
    source: "devpts",
    target: "/dev/pts",
    type: "devpts",
    options: ["x-mount.mkdir", "newinstance", "ptmxmode=0666", "mode=620", "gid=5"],
  },
  { source: "shm", target: "/dev/shm", type: "tmpfs", options: ["x-mount.mkdir", "mode=1777", "nosuid", "nodev"] },
];
