import { localExec } from "../../unit/sync/support/localExec";
import { SyncWindow } from "../../unit/sync/support/pushing";
import { compared, timed } from "../support/compared";
import { GNU_TAR, RSYNC, shell, type SyncWork } from "./syncWork";
import type { Row } from "../support/table";

const never = new AbortController().signal;

/**
 * A window's first push to a shell on this machine; each round fills an empty folder. "Prepared" measures a push as a
 * run does it: the worker started and scanned the folder while the sandbox was created, and this time is not included.
 */
export async function benchFirst(work: SyncWork, what: string, root: string, rounds: number): Promise<Row[]> {
  const tar: number[] = [];
  const rsync: number[] = [];
  const cold: number[] = [];
  const prepared: number[] = [];
  const into = async (fill: (target: string) => Promise<unknown>) => {
    const target = work.target("target");
    return timed(() => fill(target));
  };
  const push = async (isPrepared: boolean) => {
    const window = new SyncWindow();
    try {
      if (isPrepared) await window.prepare(root);
      return await into((remotePath) => window.push({ root, remotePath, exec: localExec(), signal: never }));
    } finally {
      window.dispose();
    }
  };
  for (let round = 0; round < rounds; round += 1) {
    tar.push(await into((target) => shell(GNU_TAR, root, target)));
    rsync.push(await into((target) => shell(RSYNC, root, target)));
    cold.push(await push(false));
    prepared.push(await push(true));
  }
  return [
    compared(`first push, ${what}`, { ours: cold, theirs: tar }, "tar | tar", 2),
    compared(`first push, ${what}`, { ours: cold, theirs: rsync }, "rsync -a", 0.8),
    compared(`first push, ${what}, prepared`, { ours: prepared, theirs: tar }, "tar | tar", 2),
    compared(`first push, ${what}, prepared`, { ours: prepared, theirs: rsync }, "rsync -a", 0.8),
  ];
}
