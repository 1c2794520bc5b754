import { existsSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { quote } from "../../base/quote";
import type { Isolation } from "../isolation";
import { DEVICE_LINKS, DEVICES } from "./devices";
import { freshFolders } from "./freshFolders";
import type { Host } from "./host";
import { isWithinAny, visibleFolders } from "./hostPaths";
import { readMountPoints, toFstab, type Mount } from "./mountTable";
import { createNamespaceIsolation } from "./namespaces";
import { buildTemplate } from "./overlayTemplate";

/**
 * For root: the host's own file system, under a layer per sandbox that takes all writes, with fresh folders in place of
 * the personal and temporary ones.
 */
export async function createOverlayIsolation(host: Host): Promise<Isolation> {
  const fresh = freshFolders(host);
  const hidden = fresh.map(({ path }) => path);
  const tools = visibleFolders(host, hidden);
  const added = [...tools, ...otherFileSystems(hidden)];
  const template = await buildTemplate(host, fresh, tools);

  return createNamespaceIsolation(host, {
    kind: "overlay",
    description: "Each sandbox writes to its own layer over this machine's files. This is not a security boundary.",
    isUnprivileged: false,
    home: "/root",
    script: enterOverlay(template),
    prepare: async (path) => {
      for (const name of ["upper", "work", "root"]) await mkdir(join(path, name));
      await writeFile(join(path, "base.fstab"), toFstab(BASE));
      await writeFile(join(path, "added.fstab"), toFstab(await layOver(added, path)));
    },
  });
}

/** An overlay shows one file system only: what the host has mounted on it, such as GPU drivers, has to be added. */
const otherFileSystems = (hidden: readonly string[]): string[] =>
  readMountPoints()
    .map(({ path }) => path)
    .filter((path) => path !== "/" && !isWithinAny(path, [...KERNEL, ...hidden]) && existsSync(path));

const KERNEL = ["/proc", "/sys", "/dev"];

/** Every path read-only, and a folder that can take it under a layer of the sandbox's own on top. */
async function layOver(added: readonly string[], path: string): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const [index, target] of added.entries()) {
    const source = `/run${target}`;
    mounts.push({ source, target, type: "none", options: ["bind", "ro"] });
    if (!statSync(target).isDirectory()) continue;
    const layer = join(path, String(index));
    for (const name of ["upper", "work"]) await mkdir(join(layer, name), { recursive: true });
    mounts.push({
      source: "overlay",
      target,
      type: "overlay",
      options: [`lowerdir=${source}`, `upperdir=/run${layer}/upper`, `workdir=/run${layer}/work`],
    });
  }
  return mounts;
}

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

const enterOverlay = (template: string): string => `
here=$PWD
cp -a ${quote(template)}/. upper/
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
cd root
pivot_root . run
cd /
mount -n -a -T "/run$here/base.fstab"
mount -n -a -T "/run$here/added.fstab" 2>/dev/null || :
devices=
for device in ${DEVICES.map((device) => `/run/dev/${device}`).join(" ")}; do [ ! -e "$device" ] || devices="$devices $device"; done
cp -a $devices /dev/
${Object.entries(DEVICE_LINKS)
  .map(([name, target]) => `ln -s ${target} /dev/${name}`)
  .join("\n")}
`;
