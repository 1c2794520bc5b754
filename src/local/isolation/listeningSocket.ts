import { readFileSync, readdirSync, readlinkSync } from "node:fs";

/**
 * The inode of the socket that accepts connections to `port` of this machine's loopback, which names it among the files
 * that a process has open. Undefined if nothing listens there, or if the machine has no `/proc`.
 */
export function listeningSocket(port: number): string | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const listening = [...rows("/proc/net/tcp"), ...rows("/proc/net/tcp6")].filter(
    ([, address = "", , state]) => state === LISTEN && address.endsWith(suffix),
  );
  // The kernel prefers the most specific address.
  for (const address of LOOPBACK_ADDRESSES) {
    const row = listening.find(([, local]) => local === `${address}${suffix}`);
    if (row) return row[INODE_COLUMN];
  }
  return undefined;
}

/** True if the process has the socket open; false also for a process whose files this user may not see. */
export function holdsSocket(pid: number, inode: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((file) => linkOf(`/proc/${pid}/fd/${file}`) === `socket:[${inode}]`);
  } catch {
    return false;
  }
}

// As the kernel's tables write them.
const LISTEN = "0A";
const INODE_COLUMN = 9;
const LOOPBACK_ADDRESSES = [
  "0100007F",
  "0000000000000000FFFF00000100007F",
  "00000000",
  "0000000000000000FFFF000000000000",
  "00000000000000000000000000000000",
];

function rows(table: string): string[][] {
  try {
    return readFileSync(table, "latin1")
      .split("\n")
      .map((line) => line.trim().split(/\s+/));
  } catch {
    return [];
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
