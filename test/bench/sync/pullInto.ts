import { randomUUID } from "node:crypto";
import type { Sandbox } from "modal";

import { pull, type PullProcess } from "../../../src/sync/pull/pull";
import type { SyncThread } from "../../../src/sync/worker/syncThread";

export interface PullTarget {
  readonly sandbox: Sandbox;
  readonly remotePath: string;
  readonly root: string;
}

/** Pulls as a run does without an earlier push, so that every file is pulled. */
export async function pullInto({ sandbox, remotePath, root }: PullTarget, thread: SyncThread): Promise<void> {
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
  // Nothing is known of this sandbox.
  const since = { key: { sandboxId: randomUUID(), remotePath, root }, patterns: ["**"] };
  await pull(thread, { root, remotePath, since, exec, signal: new AbortController().signal });
}
