import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import type { Sandbox } from "modal";

import { SyncWindow } from "../../unit/sync/support/pushing";
import { compared, timed } from "../support/compared";
import { pullInto } from "./pullInto";
import { benchHost, fill, withSandbox } from "./syncRemote";
import { makeProject } from "./syncTrees";
import { withSyncWork } from "./syncWork";
import type { Row } from "../support/table";

const ROUNDS = 7;
const SOURCE = "/made";

/**
 * Pulls a tree in which everything changed in the sandbox, compared with the same files through the bare SDK into GNU
 * tar.
 */
export const benchPull = (): Promise<readonly Row[]> =>
  withSyncWork((work) =>
    withSandbox(async (far) => {
      const { sandbox } = far;
      const project = work.source("project");
      makeProject(project);
      await fill(sandbox, spawnSync("tar", ["-C", project, "-cf", "-", "."], { maxBuffer: 1e9 }).stdout, SOURCE);

      const window = new SyncWindow(work.target("baselines"));
      const rounds = { bare: [] as number[], ours: [] as number[], again: [] as number[] };
      for (let round = 0; round < ROUNDS; round += 1) {
        const [theirs, root] = [work.target("theirs"), work.target("ours")];
        const pulling = () => pullInto({ sandbox, remotePath: SOURCE, root }, window.thread);
        rounds.bare.push(await timed(() => intoTar(sandbox, theirs)));
        rounds.ours.push(await timed(pulling));
        rounds.again.push(await timed(pulling));
        if (countFiles(root) !== countFiles(theirs)) throw new Error("Not all files were pulled.");
      }
      window.dispose();
      const { bare: theirs, ours, again } = rounds;
      const what = "10,000 files";
      return [
        compared(`pull of ${what}, all changed`, { ours, theirs }, "bare SDK into tar -x", 1.5),
        compared("the same again, compared only", { ours: again, theirs }, "bare SDK into tar -x"),
        ...(await benchHost(far, what, { direction: "pull", root: work.target("host"), remotePath: SOURCE })),
      ];
    }),
  );

async function intoTar(sandbox: Sandbox, target: string): Promise<void> {
  const sending = await sandbox.exec(["tar", "-C", SOURCE, "-cf", "-", "."], { mode: "binary" });
  const tar = spawn("tar", ["-C", target, "-xf", "-"], { stdio: ["pipe", "ignore", "inherit"] });
  const ended = once(tar, "exit");
  for await (const chunk of sending.stdout) if (!tar.stdin.write(chunk)) await once(tar.stdin, "drain");
  tar.stdin.end();
  await Promise.all([ended, sending.wait()]);
}

const countFiles = (folder: string): number => readdirSync(folder, { recursive: true }).length;
