import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { chmodSync, symlinkSync, writeFileSync, existsSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { after } from "mocha";

import { FINE_TICK_MS } from "../../../../src/sync/folder/scan";
import { SYNC_MARKER } from "../../../../src/sync/rules/builtinExcludes";

const PARENT = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/**
 * Returns a function that creates temporary folders, in memory if possible. They are removed after the suite that calls
 * it.
 */
export function temporaryFolders(): (name?: string) => string {
  const made: string[] = [];
  after(() => {
    for (const folder of made) removeFolder(folder);
  });
  return (name = "folder") => {
    const parent = mkdtempSync(join(PARENT, "sync-test-"));
    made.push(parent);
    const folder = join(parent, name);
    mkdirSync(folder);
    return folder;
  };
}

/**
 * Waits until changes are certain to change a file's times. Until then, a scan does not trust the times of new files.
 */
export async function timesMoveOn(): Promise<void> {
  const folder = mkdtempSync(join(PARENT, "sync-test-clock-"));
  const probe = join(folder, "probe");
  const now = () => {
    writeFileSync(probe, "");
    return statSync(probe).ctimeMs;
  };
  try {
    const start = now();
    // A scan starts at a whole millisecond.
    while (now() <= start + FINE_TICK_MS + 1) await delay(1);
  } finally {
    removeFolder(folder);
  }
}

export interface Node {
  readonly kind: "file" | "directory" | "symlink";
  readonly mode?: number;
  readonly content?: string | Buffer;
}

export const file = (content: string | Buffer = "content\n", mode = 0o644): Node => ({ kind: "file", content, mode });
export const directory = (mode = 0o755): Node => ({ kind: "directory", mode });
export const symlink = (target: string): Node => ({ kind: "symlink", content: target });

/** The entries of a folder, by path relative to it. */
export type Listing = Readonly<Record<string, Node>>;

/** Creates the entries of a listing; parent folders that are not listed get mode 0755. */
export function build(root: string, listing: Listing): string {
  for (const [path, node] of Object.entries(listing)) {
    const absolute = join(root, path);
    mkdirSync(node.kind === "directory" ? absolute : dirname(absolute), { recursive: true, mode: 0o755 });
    if (node.kind === "file") writeFileSync(absolute, node.content ?? "");
    if (node.kind === "symlink") symlinkSync(String(node.content), absolute);
  }
  const folders = Object.entries(listing).filter(([, { kind }]) => kind !== "symlink");
  for (const [path, { mode }] of folders.reverse()) chmodSync(join(root, path), mode ?? 0o755);
  return root;
}

/**
 * Removes a folder with everything in it, including the content of read-only folders, which only root could remove
 * directly.
 */
export function removeFolder(root: string): void {
  const makeWritable = (folder: string) => {
    chmodSync(folder, 0o700);
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory()) makeWritable(join(folder, entry.name));
  };
  if (process.getuid?.() !== 0) makeWritable(root);
  rmSync(root, { recursive: true });
}

/** Returns a line for each entry with its kind, mode and content, in order of path, without a push's marker. */
export function listTree(root: string): string[] {
  const lines: string[] = [];
  const visit = (folder: string) => {
    for (const name of readdirSync(join(root, folder)).sort()) {
      if (name === SYNC_MARKER) continue;
      const path = folder === "" ? name : `${folder}/${name}`;
      lines.push(describeEntry(join(root, path), path));
      if (lstatSync(join(root, path)).isDirectory()) visit(path);
    }
  };
  visit("");
  return lines;
}

function describeEntry(absolute: string, path: string): string {
  const stats = lstatSync(absolute);
  const name = JSON.stringify(path);
  if (stats.isSymbolicLink()) return `${name} -> ${JSON.stringify(readlinkSync(absolute))}`;
  const mode = (stats.mode & 0o7777).toString(8);
  if (stats.isDirectory()) return `${name} directory ${mode}`;
  return `${name} file ${mode} ${Math.floor(stats.mtimeMs / 1000)} ${digest(readFileSync(absolute))}`;
}

const digest = (content: Buffer): string =>
  content.length < 80 ? JSON.stringify(content.toString("latin1")) : createHash("sha1").update(content).digest("hex");
