import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { findProgram, systemPath, type Host } from "../host/host";

export interface CopyOptions {
  readonly from: string;
  /** It and its parents are made where they are missing. */
  readonly to: string;
  /** Words before the copying program, such as those that make a user root of their own files. */
  readonly prefix?: readonly string[];
}

/**
 * Copies what a folder holds, with owners, links, devices and attributes; file systems that can share the data of two
 * files do. A file that goes away meanwhile counts as one that was never there.
 */
export async function copyTree(host: Host, { from, to, prefix = [] }: CopyOptions): Promise<void> {
  await mkdir(to, { recursive: true });
  const [file, ...words] = [...prefix, findProgram("cp", host), "-a", `${from}/.`, `${to}/`] as const;
  const child = spawn(file, words, {
    cwd: "/",
    env: { PATH: systemPath(host), LC_ALL: "C", MODAL_LOCAL_SERVER: host.folder.marker },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  const complaints = (await text(child.stderr)).split("\n").filter((line) => line !== "" && !isHarmless(line));
  const code = await ended;
  if (code !== 0 && (code === null || complaints.length > 0))
    throw new Error(`A folder could not be copied: ${complaints[0] ?? "the copying program was killed"}`);
}

/** Gone meanwhile, or a socket, which is nothing without the program that listens on it. */
const isHarmless = (line: string): boolean => /No such file or directory$|socket/.test(line);
