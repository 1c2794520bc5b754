import { existsSync, lstatSync, readdirSync, statSync } from "node:fs";
import { chmod, mkdir, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { quote } from "../../base/quote";
import type { Isolation } from "../isolation";
import { DEVICE_LINKS, DEVICES } from "./devices";
import { freshFolders } from "./freshFolders";
import { installFsTools } from "./fsTools";
import type { Host } from "./host";
import { isWithin, isWithinAny, visibleFolders } from "./hostPaths";
import { readMountPoints, toFstab, type Mount, type MountPoint } from "./mountTable";
import { createNamespaceIsolation } from "./namespaces";
import { installResolver } from "./resolver";

/** For anyone, where the kernel allows user namespaces: a private folder as root, with the host's programs read-only. */
export function createPrivateRootIsolation(host: Host): Promise<Isolation> {
  const fresh = freshFolders(host);
  const hidden = fresh.map(({ path }) => path);
  const isLink = (path: string): boolean => lstatSync(path).isSymbolicLink();
  const present = SYSTEM.filter((path) => existsSync(path));
  const system = present.filter((path) => !isLink(path));
  const links = present.filter(isLink);
  const devices = DEVICES.flatMap(matching);
  const tools = visibleFolders(host, hidden);
  // Hidden folders that lie within the system's are covered by the sandbox's own.
  const covered = fresh.filter(({ path }) => isWithinAny(path, system) && existsSync(path));
  const mountPoints = readMountPoints();
  const inner = mountPoints.map(({ path }) => path).filter((path) => isWithinAny(path, [...system, ...tools]));
  const readOnly = [...new Set([...system, ...tools, ...inner])].filter(
    (path) => !isWithinAny(path, hidden) || isWithinAny(path, tools),
  );

  return Promise.resolve(
    createNamespaceIsolation(host, {
      kind: "privateRoot",
      description: "Each sandbox has a private folder as its root, with this machine's system folders read-only.",
      isUnprivileged: true,
      home: "/root",
      script: enterPrivateRoot(readOnly, mountPoints),
      prepare: async (path) => {
        const root = join(path, "root");
        await mkdir(root);
        for (const folder of [...system, "/proc", "/sys", "/dev/pts", "/dev/shm", ...tools])
          await mkdir(join(root, folder), { recursive: true });
        for (const { path: folder, mode } of fresh) {
          if (isWithinAny(folder, system)) continue;
          await mkdir(join(root, folder), { recursive: true });
          await chmod(join(root, folder), mode);
        }
        for (const link of links) await symlink(await readlink(link), join(root, link));
        for (const [name, target] of Object.entries(DEVICE_LINKS)) await symlink(target, join(root, "dev", name));
        for (const device of devices) await makeMountPoint(root, device);
        await installFsTools(host, root);
        await installResolver(root, hidden);
        for (const [index, { mode }] of covered.entries()) {
          await mkdir(join(path, `${index}`));
          await chmod(join(path, `${index}`), mode);
        }
        const mounts = [
          ...[...system, ...tools].map((folder) => bind(folder, folder, "rbind")),
          ...covered.map(({ path: target }, index) => bind(join(path, String(index)), target)),
          ...KERNEL,
          ...devices.map((device) => bind(device, device, "rbind")),
        ];
        await writeFile(
          join(path, "fstab"),
          toFstab(mounts.map((mount) => ({ ...mount, target: join(root, mount.target) }))),
        );
      },
    }),
  );
}

const SYSTEM = [
  "/usr",
  "/etc",
  "/opt",
  "/var",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/nix",
  "/snap",
];
/** `/dev` entries that a pattern with at most a final `*` names. */
const matching = (pattern: string): string[] =>
  pattern.endsWith("*")
    ? readdirSync("/dev")
        .filter((name) => name.startsWith(pattern.slice(0, -1)))
        .map((name) => join("/dev", name))
    : [join("/dev", pattern)].filter((path) => existsSync(path));

async function makeMountPoint(root: string, path: string): Promise<void> {
  if (statSync(path).isDirectory()) await mkdir(join(root, path), { recursive: true });
  else await writeFile(join(root, path), "");
}

const KERNEL: readonly Mount[] = [
  { source: "proc", target: "/proc", type: "proc", options: ["nosuid", "nodev", "noexec"] },
  { source: "devpts", target: "/dev/pts", type: "devpts", options: ["newinstance", "ptmxmode=0666"] },
  { source: "shm", target: "/dev/shm", type: "tmpfs", options: ["mode=1777", "nosuid", "nodev"] },
  { source: "/sys", target: "/sys", type: "none", options: ["rbind"] },
];

const bind = (source: string, target: string, kind: "bind" | "rbind" = "bind"): Mount => ({
  source,
  target,
  type: "none",
  options: [kind],
});

/** The kernel refuses to loosen in a user namespace what the host's mount forbids, so its flags are repeated. */
function flagsOf(path: string, mountPoints: readonly MountPoint[]): readonly string[] {
  const holder = mountPoints.findLast((mountPoint) => isWithin(path, mountPoint.path));
  return holder?.flags.filter((flag) => flag !== "rw" && flag !== "ro") ?? [];
}

function enterPrivateRoot(readOnly: readonly string[], mountPoints: readonly MountPoint[]): string {
  const remounts = readOnly.map(
    (path) =>
      `mount -o ${quote(["remount", "bind", "ro", ...flagsOf(path, mountPoints)].join(","))} ${quote(`root${path}`)}`,
  );
  return `
mount --bind root root
mount -n -a -T fstab
${remounts.join("\n")}
cd root
pivot_root . run
`;
}
