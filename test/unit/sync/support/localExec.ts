import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { isRoot } from "../../../support/skip";
import { withOwnState } from "../../support/stateFolder";
import type { Exec, RemoteProcess } from "../../../../src/sync/remote/remoteProcess";

/** Runs a push's processes on this machine. `seen` receives each process as it starts. */
export function localExec(options: SpawnOptions = {}, seen?: (child: ChildProcess) => void): Exec {
  return (argv) => {
    const [command = "", ...args] = withOwnState(argv);
    const child = spawn(command, args, { ...options, stdio: "pipe" });
    seen?.(child);
    return Promise.resolve(toRemoteProcess(child));
  };
}

function toRemoteProcess(child: ChildProcess): RemoteProcess {
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) throw new Error("The process was started without pipes.");
  // The caller of the write gets the error.
  stdin.on("error", () => undefined);
  const text = { stdout: "", stderr: "" };
  stdout.on("data", (chunk: Buffer) => (text.stdout += chunk.toString()));
  stderr.on("data", (chunk: Buffer) => (text.stderr += chunk.toString()));
  const closed = once(child, "close") as Promise<[number | null]>;

  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        stdin.write(bytes, (error) => {
          if (error) reject(error);
          else resolve();
        });
      }),
    closeInput: () => new Promise((resolve) => stdin.end(resolve)),
    output: closed.then(() => text),
    exitCode: closed.then(([code]) => code ?? 137),
  };
}

/** Returns a PATH with only busybox's tools, or undefined if the machine has no busybox. */
export function busyboxPath(folder: string): string | undefined {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  return spawnSync("busybox", ["--install", "-s", bin]).status === 0 ? bin : undefined;
}

/** Returns the lines of `listTree` for files that busybox unpacks: its tar sets set-id bits only for root. */
export const asBusyboxKeeps = (lines: readonly string[]): readonly string[] =>
  isRoot ? lines : lines.map((line) => line.replace('"set-id" file 4755', '"set-id" file 755'));

/** Creates a folder for the front of a PATH, in which `sh` is bash. */
export function bashAsSh(folder: string): string {
  symlinkSync(spawnSync("which", ["bash"], { encoding: "utf8" }).stdout.trim(), join(folder, "sh"));
  return folder;
}
