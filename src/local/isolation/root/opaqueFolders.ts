import { spawn } from "node:child_process";
import { buffer } from "node:stream/consumers";
import { findProgram, systemPath, type Host } from "../host/host";
import ARCHIVE_FOLDERS from "./archiveFolders.sh";

const BLOCK = 512;

/**
 * The folders of an overlay's upper layer that hide everything beneath them. An attribute marks them. Node cannot read
 * it, but an archive of the folders alone contains it.
 */
export async function opaqueFolders(host: Host, folder: string): Promise<ReadonlySet<string>> {
  const child = spawn("/bin/sh", ["-c", ARCHIVE_FOLDERS, "opaque", findProgram("tar", host)], {
    cwd: folder,
    env: { PATH: systemPath(host), LC_ALL: "C" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  child.on("error", () => undefined);
  return readArchive(await buffer(child.stdout));
}

function readArchive(archive: Buffer): Set<string> {
  const found = new Set<string>();
  let extended = "";
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0;) {
    const text = (from: number, length: number): string =>
      archive.toString("utf8", at + from, at + from + length).replace(/\0[^]*$/, "");
    const size = Number.parseInt(text(124, 12), 8) || 0;
    const body = archive.toString("utf8", at + BLOCK, at + BLOCK + size);
    const prefix = text(345, 155);
    const name = /^\d+ path=(.*)$/m.exec(extended)?.[1] ?? (prefix ? `${prefix}/` : "") + text(0, 100);
    if (text(156, 1) === "x") extended = body;
    else {
      if (/overlay\.opaque=y$/m.test(extended)) found.add(name.replace(/^\.\//, "").replace(/\/$/, ""));
      extended = "";
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return found;
}
