import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Sandbox } from "modal";

import { pull, type PullProcess } from "../../src/sync/pull";

export interface PullTarget {
  readonly sandbox: Sandbox;
  readonly remotePath: string;
  readonly root: string;
}

/** Pulls as a run does that nothing was pushed for, so that everything comes. */
export async function pullInto({ sandbox, remotePath, root }: PullTarget): Promise<void> {
  const exec = async (argv: string[]): Promise<PullProcess> => {
    const started = await sandbox.exec(argv, { mode: "binary" });
    const input = started.stdin.getWriter();
    return {
      stdout: started.stdout,
      stderr: started.stderr,
      exitCode: started.wait(),
      write: (bytes) => input.write(bytes),
      closeInput: () => input.close(),
    };
  };
  const folder = mkdtempSync(join(tmpdir(), "bench-baselines-"));
  const since = { key: { sandboxId: sandbox.sandboxId, remotePath, root }, folder, patterns: ["**"] };
  try {
    const workerFile = resolve("dist/pullWorker.js");
    await pull({ root, remotePath, since, exec, workerFile, signal: new AbortController().signal });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
