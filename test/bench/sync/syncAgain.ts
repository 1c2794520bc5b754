import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Exec } from "../../../src/sync/remote/remoteProcess";
import { localExec } from "../../unit/sync/support/localExec";
import { SyncWindow } from "../../unit/sync/support/pushing";
import { compared, measured, timed } from "../support/compared";
import { makeProject } from "./syncTrees";
import { RSYNC, shell, type SyncWork } from "./syncWork";
import type { Row } from "../support/table";

const ROUNDS = 7;
const never = new AbortController().signal;

/** Pushes of 10,000 files that were pushed before, each compared with rsync for the same change. */
export async function benchAgain(work: SyncWork, root: string): Promise<Row[]> {
  const [ours, theirs] = [work.target("ours"), work.target("theirs")];
  const window = new SyncWindow();
  let execs = 0;
  const exec: Exec = (argv) => {
    execs += 1;
    return localExec()(argv);
  };
  const push = () => window.push({ root, remotePath: ours, exec, signal: never });
  const rsync = () => shell(RSYNC, root, theirs);
  try {
    await settle(push);
    await rsync();
    const rows: Row[] = [];
    for (const [what, { change, most }] of Object.entries(changes)) {
      execs = 0;
      const rounds = { ours: [] as number[], theirs: [] as number[] };
      for (let round = 0; round < ROUNDS; round += 1) {
        change(root, round);
        rounds.ours.push(await timed(push));
        rounds.theirs.push(await timed(rsync));
      }
      rows.push(compared(`${what}, 10,000 files`, rounds, "rsync -a --delete", most));
      if (what === NOTHING) rows.push(measured("execs of that", execs, "", 0));
    }
    return rows;
  } finally {
    window.dispose();
  }
}

/** The cost of the ignored files of `root`, and of four sandboxes compared with one. */
export async function benchOverheads(work: SyncWork, root: string): Promise<Row[]> {
  const bare = work.source("bare");
  makeProject(bare);
  const window = new SyncWindow();
  const all = work.target("all");
  const pushTo = (root: string, name: string) =>
    window.push({ root, sandboxId: name, remotePath: join(all, name), exec: localExec(), signal: never });
  const names = ["sb1", "sb2", "sb3", "sb4"];
  const toOne = () => pushTo(bare, "sb0");
  const toFour = () => Promise.all(names.map((name) => pushTo(bare, name)));
  const ignoring = () => pushTo(root, "sb5");
  try {
    for (const push of [toOne, toFour, ignoring]) await settle(push);
    const rounds = { bare: [] as number[], ignoring: [] as number[], one: [] as number[], four: [] as number[] };
    for (let round = 0; round < ROUNDS; round += 1) {
      rounds.bare.push(await timed(toOne));
      rounds.ignoring.push(await timed(ignoring));
      changes[ONE_FILE]?.change(bare, round);
      rounds.one.push(await timed(toOne));
      rounds.four.push(await timed(toFour));
    }
    return [
      compared(
        "nothing changed, with 45,000 ignored files",
        { ours: rounds.ignoring, theirs: rounds.bare },
        "without them",
        1.05,
      ),
      compared("one file to four sandboxes at the same time", { ours: rounds.four, theirs: rounds.one }, "to one", 1.5),
    ];
  } finally {
    window.dispose();
  }
}

/** The cost of a file if nothing changed, among ten times as many. */
export async function benchGrowth(
  roots: { readonly few: string; readonly many: string },
  work: SyncWork,
): Promise<Row[]> {
  const window = new SyncWindow();
  const pushOf = (root: string, name: string) => {
    const remotePath = work.target(name);
    return () => window.push({ root, remotePath, exec: localExec(), signal: never });
  };
  const few = pushOf(roots.few, "few");
  const many = pushOf(roots.many, "many");
  const theirs = work.target("theirs");
  try {
    const first = { few: await timed(few), many: await timed(many) };
    for (const push of [few, many]) await settle(push);
    await shell(RSYNC, roots.many, theirs);
    const rounds = { few: [] as number[], many: [] as number[], rsync: [] as number[] };
    for (let round = 0; round < 5; round += 1) {
      rounds.few.push(await timed(few));
      rounds.many.push(await timed(many));
      rounds.rsync.push(await timed(() => shell(RSYNC, roots.many, theirs)));
    }
    const tenfold = (values: readonly number[]) => values.map((value) => value * 10);
    return [
      compared(
        "nothing changed, 100,000 files",
        { ours: rounds.many, theirs: rounds.rsync },
        "rsync -a --delete",
        0.45,
      ),
      compared(
        "nothing changed, 100,000 files",
        { ours: rounds.many, theirs: tenfold(rounds.few) },
        "ten times 10,000",
        1.1,
      ),
      compared(
        "first push, 100,000 files",
        { ours: [first.many], theirs: tenfold([first.few]) },
        "ten times 10,000",
        1.1,
      ),
    ];
  } finally {
    window.dispose();
  }
}

/** Pushes until nothing is sent: a file that was written within the last tick of the clock is sent again. */
async function settle(push: () => Promise<unknown>): Promise<void> {
  for (let round = 0; round < 3; round += 1) await push();
}

interface Change {
  readonly change: (root: string, round: number) => void;
  readonly most: number;
}

const NOTHING = "nothing changed";
const ONE_FILE = "one file changed";

const changes: Readonly<Record<string, Change>> = {
  [NOTHING]: { change: () => undefined, most: 0.35 },
  [ONE_FILE]: {
    change: (root, round) => writeFileSync(join(root, "area0/module0/file0.txt"), `round ${round}`),
    most: 0.45,
  },
  "100 files changed": {
    change: (root, round) => {
      for (let n = 0; n < 100; n += 1) {
        const module = n * 9;
        writeFileSync(join(root, `area${module % 30}/module${module}/file1.txt`), `round ${round}, ${n}`);
      }
    },
    most: 0.6,
  },
  "a folder renamed": {
    change: (root, round) => {
      renameSync(join(root, round === 0 ? "area1" : `renamed${round - 1}`), join(root, `renamed${round}`));
    },
    most: 0.9,
  },
  "50 files deleted": {
    change: (root, round) => {
      for (let n = 0; n < 50; n += 1) {
        const module = n * 15 + 2;
        rmSync(join(root, `area${module % 30}/module${module}/file${2 + round}.txt`), { force: true });
      }
    },
    most: 0.5,
  },
};
