import { benchAgain, benchGrowth, benchOverheads } from "./syncAgain";
import { benchFirst } from "./syncFirst";
import { benchFar, benchHost, benchSlow, benchThrough, FAR_TARGET, withSandbox } from "./syncRemote";
import { makeBigFiles, makeFewTiny, makeIgnored, makeProject, makeSource, makeTiny } from "./syncTrees";
import { withSyncWork } from "./syncWork";
import type { Row } from "../support/table";

const PROJECT = "10,000 files";

/** Pushes of 10,000 files (80 MB) next to 45,000 ignored ones, to a shell on this machine and through the backend. */
export const benchSync = (): Promise<readonly Row[]> =>
  withSyncWork(async (work) => {
    const root = work.source("project");
    makeProject(root);
    makeIgnored(root);
    const compressible = work.source("compressible");
    makeSource(compressible);
    return [
      ...(await benchFirst(work, PROJECT, root, 3)),
      ...(await benchOverheads(work, root)),
      ...(await benchAgain(work, root)),
      ...(await withSandbox(async (far) => [
        ...(await benchThrough(far, PROJECT, root, 3)),
        await benchFar(far, PROJECT, root),
        await benchSlow(far, "compressible tree", compressible),
        ...(await benchHost(far, PROJECT, { direction: "push", root, remotePath: `${FAR_TARGET}/host` })),
      ])),
    ];
  });

/** Pushes of five files of 200 MB, and of 100,000 tiny files. */
export const benchSyncBig = (): Promise<readonly Row[]> =>
  withSyncWork(async (work) => {
    const big = work.source("big");
    const [few, many] = [work.source("few"), work.source("many")];
    makeBigFiles(big, 5);
    makeFewTiny(few);
    makeTiny(many);
    const [what, tiny] = ["5 × 200 MB", "100,000 files"];
    return [
      ...(await benchFirst(work, what, big, 3)),
      ...(await benchFirst(work, tiny, many, 3)),
      ...(await benchGrowth({ few, many }, work)),
      ...(await withSandbox(async (far) => [
        ...(await benchThrough(far, what, big, 2)),
        ...(await benchHost(far, what, { direction: "push", root: big, remotePath: `${FAR_TARGET}/big` })),
        ...(await benchHost(far, tiny, { direction: "push", root: many, remotePath: `${FAR_TARGET}/many` })),
      ])),
    ];
  });
