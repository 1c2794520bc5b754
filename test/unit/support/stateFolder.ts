import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { STATE_FOLDER } from "../../../src/base/stateFolder";

const ownFolder = join(tmpdir(), `state-${process.pid}`);
process.once("exit", () => rmSync(ownFolder, { recursive: true, force: true }));

/** A command with the folder for state replaced by one of this process: another user may own what is in `/tmp`. */
export const withOwnState = (argv: readonly string[]): string[] =>
  argv.map((word) => (word.startsWith(`${STATE_FOLDER}/`) ? ownFolder + word.slice(STATE_FOLDER.length) : word));
