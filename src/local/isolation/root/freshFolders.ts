import { outermost } from "../host/hostPaths";
import type { Host } from "../host/host";

export interface FreshFolder {
  readonly path: string;
  readonly mode: number;
}

/** The folders that every sandbox has for itself, initially empty. The host's content is invisible there. */
export function freshFolders(host: Host): FreshFolder[] {
  const modes = new Map([
    ["/tmp", 0o1777],
    ["/var/tmp", 0o1777],
    ["/root", 0o700],
    ["/home", 0o755],
    ["/workspace", 0o755],
    ["/run", 0o755],
    // Disks of other systems, such as those of Windows under WSL, which hold homes.
    ["/mnt", 0o755],
    ["/media", 0o755],
  ]);
  return outermost([...modes.keys(), ...host.homes, host.stateDir]).map((path) => ({
    path,
    mode: modes.get(path) ?? 0o755,
  }));
}
