import { posix } from "node:path";

import { UserError } from "../../base/errors";

/** Folders of a sandbox's operating system, with everything in them. */
const SYSTEM: readonly string[] = [
  ...["/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/run", "/sbin", "/sys"],
  ...["/usr/bin", "/usr/include", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/sbin", "/usr/share"],
  ...["/usr/local/bin", "/usr/local/include", "/usr/local/lib", "/usr/local/sbin", "/usr/local/share"],
  ...["/var/cache", "/var/lib", "/var/lock", "/var/log", "/var/run", "/var/spool"],
];

/** Folders with shared content, in which a folder of one's own is fine. */
const SHARED: readonly string[] = ["/", "/home", "/root", "/tmp", "/usr", "/usr/local", "/usr/src", "/var", "/var/tmp"];

/**
 * Returns an error if a folder of a sandbox cannot be synced; `undefined` if it can. Files that the system or other
 * programs keep there would be pulled as outputs of a run.
 */
export function refuseRemotePath(remotePath: string): UserError | undefined {
  const path = posix.resolve("/", remotePath);
  // This is ordinary writable memory.
  const isMemory = path.startsWith("/dev/shm/");
  const isSystem = !isMemory && SYSTEM.some((folder) => path === folder || path.startsWith(`${folder}/`));
  if (!isSystem && !SHARED.includes(path)) return undefined;
  const example = isSystem || path === "/" ? "/workspace" : posix.join(path, "workspace");
  return new UserError(
    `${path} belongs to the sandbox's operating system, so no folder can be synced there. Set modalSandboxes.remotePath to a separate folder, such as ${example}.`,
    {
      actions: [
        { title: "Open Settings", command: "workbench.action.openSettings", arguments: ["modalSandboxes.remotePath"] },
      ],
    },
  );
}
