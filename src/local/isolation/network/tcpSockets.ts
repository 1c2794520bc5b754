import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import type { Socket } from "node:net";
import { pidNamespaceOf } from "../process/sessions";

/**
 * The inode of the socket that accepts connections to `port` of this machine's loopback. It identifies the socket among
 * a process's open files. Undefined if nothing listens there, or if the machine has no `/proc`.
 */
export function listeningSocket(port: number): string | undefined {
  const listening = readSockets().filter(({ state }) => state === LISTEN);
  // The kernel prefers the most specific address.
  for (const address of [...LOOPBACK, ...ANY]) {
    const socket = listening.find(({ local }) => local === endpoint(address, port));
    if (socket) return socket.inode;
  }
  return undefined;
}

/** True if the process has the socket open. False for a process whose files this user may not see. */
export function holdsSocket(pid: number, inode: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((file) => linkOf(`/proc/${pid}/fd/${file}`) === `socket:[${inode}]`);
  } catch {
    return false;
  }
}

/**
 * True if the other end of a loopback connection is a program of this user outside every sandbox's namespaces. False if
 * the machine does not reveal the owner.
 */
export function isOwnPeer({ localPort = 0, remotePort = 0 }: Socket): boolean {
  const peer = readSockets().find(({ local, remote }) =>
    LOOPBACK.some((host) => local === endpoint(host, remotePort) && remote === endpoint(host, localPort)),
  );
  if (!peer || peer.uid !== process.geteuid?.()) return false;
  const namespace = pidNamespaceOf("self");
  return readdirSync("/proc").some(
    (name) => /^\d+$/.test(name) && pidNamespaceOf(Number(name)) === namespace && holdsSocket(Number(name), peer.inode),
  );
}

interface TcpSocket {
  readonly local: string;
  readonly remote: string;
  readonly state: string;
  readonly uid: number;
  readonly inode: string;
}

// In the format of the kernel's tables: each word of an address is in the machine's byte order.
const LISTEN = "0A";
const LOOPBACK = ["0100007F", "0000000000000000FFFF00000100007F"];
const ANY = ["00000000", "0000000000000000FFFF000000000000", "00000000000000000000000000000000"];

const endpoint = (address: string, port: number): string =>
  `${address}:${port.toString(16).toUpperCase().padStart(4, "0")}`;

const readSockets = (): TcpSocket[] => ["/proc/net/tcp", "/proc/net/tcp6"].flatMap(readTable);

function readTable(path: string): TcpSocket[] {
  try {
    const lines = readFileSync(path, "latin1").trimEnd().split("\n").slice(1);
    return lines.map((line) => {
      const [, local = "", remote = "", state = "", , , , uid, , inode = ""] = line.trim().split(/\s+/);
      return { local, remote, state, uid: Number(uid), inode };
    });
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
