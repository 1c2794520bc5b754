import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "mocha";
import { codeOf } from "../../../src/base/errors";
import { isRoot, skip, skipForRoot } from "../../support/skip";

/** One way in which a folder stops accepting writes. */
export interface Breakage {
  readonly name: string;
  /**
   * Breaks the folder and returns a function that restores it. Skips the test if this user or machine cannot do that.
   */
  readonly inflict: (folder: string, context: Context) => () => void;
}

export const breakages: readonly Breakage[] = [
  {
    name: "a file is in its place",
    inflict: (folder) => {
      const away = `${folder}.away`;
      renameSync(folder, away);
      writeFileSync(folder, "in the way");
      return () => {
        rmSync(folder);
        renameSync(away, folder);
      };
    },
  },
  {
    name: "it may not be written (EACCES)",
    inflict: (folder, context) => {
      if (isRoot) skip(context, "by design: root may write anywhere");
      const folders = [folder, ...subfoldersOf(folder)];
      for (const path of folders) chmodSync(path, 0o500);
      return () => {
        for (const path of folders) chmodSync(path, 0o700);
      };
    },
  },
  {
    name: "it is read-only (EROFS)",
    inflict: (folder, context) => {
      mount(context, "--bind", folder, folder);
      mount(context, "-o", "remount,bind,ro", folder);
      return () => unmount(folder);
    },
  },
  {
    name: "the disk is full (ENOSPC)",
    inflict: (folder, context) => {
      const copy = `${folder}.copy`;
      cpSync(folder, copy, { recursive: true });
      mount(context, "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", folder);
      cpSync(copy, folder, { recursive: true });
      rmSync(copy, { recursive: true });
      fill(join(folder, "ballast"));
      return () => unmount(folder);
    },
  },
];

const subfoldersOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isDirectory());

function mount(context: Context, ...args: readonly string[]): void {
  if (!isRoot) skipForRoot(context, "mounts");
  try {
    execFileSync("mount", args, { stdio: "pipe" });
  } catch {
    skipForRoot(context, "mounts");
  }
}

function unmount(folder: string): void {
  // A log may still be open there.
  execFileSync("umount", ["--lazy", folder]);
}

/** Writes until nothing fits, down to the last page. */
function fill(path: string): void {
  for (let part = 0; ; part += 1)
    try {
      writeFileSync(`${path}-${part}`, Buffer.alloc(4096));
    } catch (error) {
      if (codeOf(error) === "ENOSPC") return;
      throw error;
    }
}
