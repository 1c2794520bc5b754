import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { localExec } from "../unit/sync/support/localExec";
import { SyncWindow } from "../unit/sync/support/pushing";
import { makeProject } from "./syncTrees";
import { median, ms, type Row } from "./table";

const ROUNDS = 7;
const never = new AbortController().signal;

/** Pushes of 10,000 files that were pushed before, each beside what rsync takes for the same change. */
export async function benchSyncAgain(): Promise<readonly Row[]> {
  if (spawnSync("rsync", ["--version"]).status !== 0) return [];
  const work = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "bench-sync-"));
  const window = new SyncWindow();
  try {
    const [root, ours, theirs] = ["project", "ours", "theirs"].map((name) => join(work, name)) as [
      string,
      string,
      string,
    ];
    for (const folder of [root, ours, theirs]) mkdirSync(folder);
    makeProject(root);
    const push = () => window.push({ root, remotePath: ours, exec: localExec(), signal: never });
    const rsync = () => spawnSync("rsync", ["-a", "--delete", `${root}/`, `${theirs}/`]);
    await push();
    rsync();
    // What was written within the last tick of the clock is sent again.
    await push();

    const rows: Row[] = [];
    for (const [what, { change, target }] of Object.entries(changes)) {
      const oursMs: number[] = [];
      const theirsMs: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        change(root, round);
        const startedAt = performance.now();
        await push();
        const pushedAt = performance.now();
        rsync();
        oursMs.push(pushedAt - startedAt);
        theirsMs.push(performance.now() - pushedAt);
      }
      const ratio = median(oursMs.map((value, round) => value / (theirsMs[round] ?? Number.NaN)));
      rows.push({
        what: `${what}, 10,000 files`,
        result: ms(median(oursMs)),
        against: `rsync -a --delete ${ms(median(theirsMs))}`,
        ratio: ratio.toFixed(2),
        target,
      });
    }
    return rows;
  } finally {
    window.dispose();
    rmSync(work, { recursive: true, force: true });
  }
}

interface Change {
  readonly change: (root: string, round: number) => void;
  readonly target: string;
}

const changes: Readonly<Record<string, Change>> = {
  "nothing changed": { change: () => undefined, target: "≤ 0.35" },
  "one file changed": {
    change: (root, round) => {
      writeFileSync(join(root, "area0/module0/file0.txt"), `round ${round}`);
    },
    target: "≤ 0.45",
  },
  "100 files changed": {
    change: (root, round) => {
      for (let n = 0; n < 100; n += 1) {
        const module = n * 9;
        writeFileSync(join(root, `area${module % 30}/module${module}/file1.txt`), `round ${round}, ${n}`);
      }
    },
    target: "≤ 0.6",
  },
  "a folder renamed": {
    change: (root, round) => {
      renameSync(join(root, round === 0 ? "area1" : `renamed${round - 1}`), join(root, `renamed${round}`));
    },
    target: "≤ 0.9",
  },
  "50 files deleted": {
    change: (root, round) => {
      for (let n = 0; n < 50; n += 1) {
        const module = n * 15 + 2;
        rmSync(join(root, `area${module % 30}/module${module}/file${2 + round}.txt`));
      }
    },
    target: "≤ 0.5",
  },
};
