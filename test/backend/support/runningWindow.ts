import { once } from "node:events";
import { digest } from "./knownOutput";
import { exitCodeOf, fileTarget, Screen, spec, startServices } from "./services";
import { launchers } from "../../../src/run/target/launchers";

/**
 * A window's services in a separate process, for tests to kill or stop. It runs `known.py` of FOLDER and reports on
 * stdout when the program runs and how it ended.
 */
async function main(): Promise<void> {
  const { MODAL_TOKEN_ID: tokenId = "", MODAL_TOKEN_SECRET: tokenSecret = "", STORAGE = "", FOLDER = "" } = process.env;
  const services = await startServices({ account: { tokenId, tokenSecret }, storageFolder: STORAGE, folder: FOLDER });
  await services.refresh();
  const { runs, folder } = services;
  const target = fileTarget("known.py", launchers.python);
  const [run] = runs.start({ target, folder, remotePath: "/workspace", specs: [spec()] });
  if (!run) throw new Error("No run was started.");
  const screen = new Screen(run);
  run.onDidChangeState(({ kind }) => {
    if (kind === "running") tell("running");
  });
  const exitCode = await exitCodeOf(run);
  tell(["ended", exitCode, digest(...screen.stdout), digest(...screen.stderr)].join(" "));
  await once(process.stdin, "end");
}

const tell = (line: string) => process.stdout.write(`${line}\n`);

void main();
