import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { lstatSync, readlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { after } from "mocha";

import { DisposableStore } from "../../../../src/base/disposable";
import { BaselineStore, type BaselineKey } from "../../../../src/sync/folder/baseline";
import type { FolderEntry } from "../../../../src/sync/folder/folderEntry";
import type { PullProcess } from "../../../../src/sync/pull/pull";
import { SyncThread } from "../../../../src/sync/worker/syncThread";
import { withOwnState } from "../../support/stateFolder";
import { listTree } from "./folders";

/** Creates sync workers that share the baselines in a folder, and that end with the tests. */
export function syncThreads(): (baselineFolder: string) => SyncThread {
  const own = new DisposableStore();
  after(() => own.dispose());
  const workerFile = resolve("dist/syncWorker.mjs");
  return (baselineFolder) => own.add(new SyncThread({ workerFile, baselineFolder }));
}

/** Runs a pull's processes on this machine. */
export const localPullExec =
  (options: SpawnOptions = {}, onStarted: (child: ChildProcess) => void = () => undefined) =>
  (argv: string[]): Promise<PullProcess> => {
    const [command = "", ...args] = withOwnState(argv);
    const child = spawn(command, args, { ...options, stdio: "pipe" });
    const { stdin, stdout, stderr } = child;
    onStarted(child);
    stdin.on("error", () => undefined);
    return Promise.resolve({
      stdout,
      stderr,
      exitCode: once(child, "close").then(([code]) => (code as number | null) ?? 137),
      write: (bytes) =>
        new Promise((done, fail) => {
          stdin.write(bytes, (error) => {
            if (error) fail(error);
            else done();
          });
        }),
      closeInput: () => new Promise((done) => stdin.end(done)),
    });
  };

/** Records the folder's content in the baseline, as a push does. */
export function noteBaseline(folder: string, key: BaselineKey): void {
  const entries = new Map<string, FolderEntry>();
  for (const line of listTree(key.root)) {
    const path = JSON.parse(/^"(?:[^"\\]|\\.)*"/.exec(line)?.[0] ?? '""') as string;
    entries.set(path, entryOf(key.root, path));
  }
  const store = new BaselineStore(folder);
  store.put(key, { generation: "g", entries });
}

export const baselineOf = (folder: string, key: BaselineKey): ReadonlyMap<string, FolderEntry> =>
  new BaselineStore(folder).get(key)?.entries ?? new Map<string, FolderEntry>();

function entryOf(root: string, path: string): FolderEntry {
  const absolute = join(root, path);
  const { mode, mtimeMs, size, ctimeMs, ino } = lstatSync(absolute);
  const base = { path, mode: mode & 0o7777, mtimeMs };
  if ((mode & 0o170000) === 0o120000) return { ...base, kind: "symlink", target: readlinkSync(absolute) };
  if ((mode & 0o170000) === 0o040000) return { ...base, kind: "directory" };
  return { ...base, kind: "file", size, ctimeMs, ino };
}
