import { readFileSync } from "node:fs";

export interface MountPoint {
  readonly path: string;
  readonly type: string;
  /** The flags of the mount point: `ro`, `nosuid`, `relatime` … */
  readonly flags: readonly string[];
}

/** The mounts in the server's own namespace, in the order in which they were made. */
export const readMountPoints = (): MountPoint[] => parseMountInfo(readFileSync("/proc/self/mountinfo", "utf8"));

/** Parses lines such as `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw`; see proc(5). */
const parseMountInfo = (text: string): MountPoint[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [before = "", after = ""] = line.split(" - ");
      const fields = before.split(" ");
      return { path: unescape(fields[4] ?? ""), type: after.split(" ")[0] ?? "", flags: (fields[5] ?? "").split(",") };
    });

const unescape = (field: string): string =>
  field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** Input for `mount -a -T`, which makes any number of mounts in one process. */
export const toFstab = (mounts: readonly Mount[]): string =>
  mounts
    .map(({ source, target, type, options }) =>
      [escape(source), escape(target), type, escape(options.join(",")), "0 0\n"].join(" "),
    )
    .join("");

const escape = (field: string): string =>
  field.replace(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
