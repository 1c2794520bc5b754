import { outermost } from "../host/hostPaths";
import type { Host } from "../host/host";

export interface FreshFolder {
  readonly path: string;
  readonly mode: number;
}

/** What every sandbox has of its own, empty: nothing of the host is to be seen in there. */
export function freshFolders(host: Host): FreshFolder[] {
  const modes = new Map([
    ["/tmp", 0o1777],
    ["/var/tmp", 0o1777],
    ["/root", 0o700],
    ["/home", 0o755],
    ["/workspace", 0o755],
    ["/run", 0o755],
    // Disks of other systems, such as Windows around WSL, with homes on them.
    ["/mnt", 0o755],
    ["/media", 0o755],
  ]);
  return outermost([...modes.keys(), ...host.homes, host.stateDir]).map((path) => ({
    path,
    mode: modes.get(path) ?? 0o755,
  }));
}
