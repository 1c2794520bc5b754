import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { findProgram, systemPath, type Host } from "../host/host";

export interface CopyOptions {
  readonly from: string;
  /** Created with its parents if it is missing. */
  readonly to: string;
  /** A prefix for the copying command, such as one that makes the user root of their own files. */
  readonly prefix?: readonly string[];
}

/**
 * Copies the content of a folder with owners, links, devices and attributes. File systems that support it share the
 * data between copies. A file that disappears during the copy is skipped.
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

/** A file that disappeared, or a socket, which is useless without the program that listens on it. */
const isHarmless = (line: string): boolean => /No such file or directory$|socket/.test(line);
