import { execFile } from "node:child_process";
import { existsSync, lstatSync, readdirSync, statSync } from "node:fs";
import { chmod, mkdir, readlink, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import type { Isolation } from "../base/isolation";
import { DEVICE_LINKS, DEVICES } from "./root/devices";
import { freshFolders, type FreshFolder } from "./root/freshFolders";
import { installFsTools } from "./root/fsTools";
import { copyTree } from "./root/copyTree";
import { findProgram, systemPath, type Host } from "./host/host";
import { isWithin, isWithinAny, visibleFolders } from "./host/hostPaths";
import { CONTENT } from "./root/insidePaths";
import { lowerOptions } from "./root/lowers";
import { readMountPoints, toFstab, type Mount, type MountPoint } from "./root/mountTable";
import { layOutOpenFolders, planOpenFolders, savedAt } from "./root/openFolders";
import { createNamespaceIsolation } from "./namespaces";
import { canLeadOut } from "./network/ownNetwork";
import { resolverFile, type ResolverFile } from "./network/resolver";
import ASSEMBLE from "./assemblePrivateRoot.sh";
import ENTER from "./enterPrivateRoot.sh";

/**
 * Isolation for any user, if the kernel allows user namespaces: a private folder as root, with the host's programs
 * read-only. Where the kernel allows it, programs can be installed in the places for additional software.
 */
export async function createPrivateRootIsolation(host: Host): Promise<Isolation> {
  const hasOwnNetwork = await canLeadOut(host, true);
  const plan = planRoot(host, await resolverFile(hasOwnNetwork));
  const stacks = await canStack(host);
  const open = stacks ? await planOpenFolders(join(host.folder.path, "open"), mountedPaths(plan)) : [];
  if (!stacks) host.log("Snapshots are full copies, because only root can stack folders on this machine.");
  return createNamespaceIsolation(host, {
    kind: "privateRoot",
    description: "Each sandbox has a private folder as its root, with this machine's system folders read-only.",
    isUnprivileged: true,
    hasOwnNetwork,
    home: "/root",
    layering: stacks ? "stacked" : "copied",
    assemble: { script: ASSEMBLE, words: [stacks ? OVERLAY : "", ...remounts(plan).flat()] },
    enter: { script: ENTER, words: [] },
    prepare: async (path, layers) => {
      for (const name of ["root", "upper", "work"]) await mkdir(join(path, name));
      const base = join(path, stacks ? "base" : "root");
      await layOut(host, plan, path, base);
      const contents = layers.map((layer) => join(layer, CONTENT));
      if (stacks) await writeFile(join(path, "lowers"), await lowerOptions(path, [...contents.toReversed(), base]));
      else
        for (const content of contents)
          await copyTree(host, { from: content, to: base, prefix: [findProgram("unshare", host), "-r", "--"] });
      await layOutOpenFolders(path, open, layers);
      await writeFile(join(path, "outer.fstab"), toFstab(inRoot(mountsOf(plan, path), path)));
      await writeFile(join(path, "kernel.fstab"), toFstab(inRoot(kernelMounts(), path)));
    },
    unsaved: (path) => plan.covering.map((_, index) => join(path, String(index))),
    changes: (path) => [
      { name: CONTENT, folder: join(path, stacks ? "upper" : "root") },
      ...open.map((folder) => ({ name: savedAt(folder.path), folder: join(path, folder.name, "upper") })),
    ],
  });
}

/** The paths that have a mount of their own, on the host or in a sandbox. */
const mountedPaths = ({ mountPoints, covering, tools }: RootPlan): string[] => [
  ...[...mountPoints, ...covering].map(({ path }) => path),
  ...tools,
];

/** True if the kernel lets this user mount an overlay. */
async function canStack(host: Host): Promise<boolean> {
  const workshop = join(host.folder.path, "stack");
  for (const name of ["lower", "upper", "work", "root"]) await mkdir(join(workshop, name), { recursive: true });
  const mount = ["mount", "-n", "-t", "overlay", "overlay", "-o", `${OVERLAY},lowerdir=lower`, "root"];
  const options = { cwd: workshop, env: { PATH: systemPath(host) } };
  return promisify(execFile)(findProgram("unshare", host), ["-U", "-r", "-m", ...mount], options).then(
    () => true,
    () => false,
  );
}

const OVERLAY = "userxattr,upperdir=upper,workdir=work";

interface RootPlan {
  /** The visible folders of the host, and its top-level links such as `/bin`. */
  readonly system: readonly string[];
  readonly links: readonly string[];
  readonly devices: readonly string[];
  readonly tools: readonly string[];
  /** The sandbox's own folders: in the private root, or mounted over the system's folders. */
  readonly own: readonly FreshFolder[];
  readonly covering: readonly FreshFolder[];
  readonly mountPoints: readonly MountPoint[];
  readonly resolver: ResolverFile | undefined;
}

function planRoot(host: Host, resolver: ResolverFile | undefined): RootPlan {
  const isLink = (path: string): boolean => lstatSync(path).isSymbolicLink();
  const present = SYSTEM.filter((path) => existsSync(path));
  const system = present.filter((path) => !isLink(path));
  const fresh = freshFolders(host);
  const hidden = fresh.map(({ path }) => path);
  return {
    system,
    links: present.filter(isLink),
    devices: DEVICES.flatMap(matching),
    tools: visibleFolders(host, hidden),
    own: fresh.filter(({ path }) => !isWithinAny(path, system)),
    covering: fresh.filter(({ path }) => isWithinAny(path, system) && existsSync(path)),
    mountPoints: readMountPoints(),
    resolver,
  };
}

async function layOut(host: Host, plan: RootPlan, path: string, root: string): Promise<void> {
  for (const folder of [...plan.system, "/proc", "/sys", "/dev/pts", "/dev/shm"])
    await mkdir(join(root, folder), { recursive: true });
  for (const { path: folder, mode } of plan.own) await makeFolder(join(root, folder), mode);
  for (const [index, { mode }] of plan.covering.entries()) await makeFolder(join(path, String(index)), mode);
  for (const tool of plan.tools) {
    const index = plan.covering.findIndex((folder) => isWithin(tool, folder.path));
    const place = join(index < 0 ? root : join(path, String(index)), relative(plan.covering[index]?.path ?? "/", tool));
    await mkdir(place, { recursive: true });
  }
  for (const link of plan.links) await symlink(await readlink(link), join(root, link));
  for (const [name, target] of Object.entries(DEVICE_LINKS)) await symlink(target, join(root, "dev", name));
  for (const device of plan.devices) await makeMountPoint(root, device);
  await installFsTools(host, root);
  await layOutResolver(plan, path, root);
}

/** Replaces the host's file: directly if its folder is the sandbox's own, otherwise as a mount. */
async function layOutResolver({ resolver, own }: RootPlan, path: string, root: string): Promise<void> {
  if (!resolver) return;
  const place = isWithinAny(
    resolver.path,
    own.map((folder) => folder.path),
  )
    ? join(root, resolver.path)
    : join(path, RESOLVER);
  await mkdir(dirname(place), { recursive: true });
  await writeFile(place, resolver.content);
}

const RESOLVER = "resolv.conf";

function mountsOf(plan: RootPlan, path: string): Mount[] {
  return [
    ...plan.system.map((folder) => bind(folder, folder, "rbind")),
    ...(plan.resolver && isWithinAny(plan.resolver.path, plan.system)
      ? [bind(join(path, RESOLVER), plan.resolver.path)]
      : []),
    ...plan.covering.map((folder, index) => bind(join(path, String(index)), folder.path)),
    ...plan.tools.map((folder) => bind(folder, folder, "rbind")),
    ...plan.devices.map((device) => bind(device, device, "rbind")),
  ];
}

const inRoot = (mounts: readonly Mount[], path: string): Mount[] =>
  mounts.map((mount) => ({ ...mount, target: join(path, "root", mount.target) }));

async function makeFolder(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true });
  // `mkdir` applies the server's umask, `chmod` does not.
  await chmod(path, mode);
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
/** The `/dev` entries that match a pattern, which may end in `*`. */
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

const kernelMounts = (): Mount[] => [
  { source: "proc", target: "/proc", type: "proc", options: ["nosuid", "nodev", "noexec"] },
  { source: "devpts", target: "/dev/pts", type: "devpts", options: ["newinstance", "ptmxmode=0666"] },
  { source: "shm", target: "/dev/shm", type: "tmpfs", options: ["mode=1777", "nosuid", "nodev"] },
  // A user can write to the groups of their own processes, and that user is root inside.
  ...(existsSync(GROUPS) ? [{ source: "none", target: GROUPS, type: "tmpfs", options: ["ro", "size=4k"] }] : []),
];

const GROUPS = "/sys/fs/cgroup";

const bind = (source: string, target: string, kind: "bind" | "rbind" = "bind"): Mount => ({
  source,
  target,
  type: "none",
  options: [kind],
});

/** In a user namespace, the kernel refuses to drop restrictions of the host's mount, so its flags are repeated. */
function flagsOf(path: string, mountPoints: readonly MountPoint[]): readonly string[] {
  const holder = mountPoints.findLast((mountPoint) => isWithin(path, mountPoint.path));
  return holder?.flags.filter((flag) => flag !== "rw" && flag !== "ro") ?? [];
}

/** The mounts to be made read-only, each as its options and its path. */
function remounts({ system, tools, own, covering, mountPoints }: RootPlan): [options: string, path: string][] {
  const inner = mountPoints.map(({ path }) => path).filter((path) => isWithinAny(path, [...system, ...tools]));
  const hidden = [...own, ...covering].map(({ path }) => path);
  const readOnly = [...new Set([...system, ...tools, ...inner])].filter(
    (path) => !isWithinAny(path, hidden) || isWithinAny(path, tools),
  );
  return readOnly.map((path) => [["remount", "bind", "ro", ...flagsOf(path, mountPoints)].join(","), `root${path}`]);
}
