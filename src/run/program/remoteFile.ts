import { posix } from "node:path";
import { STATE_FOLDER } from "../../base/stateFolder";
import type { TargetFile } from "../target/target";

/** Returns the path of a run's file in the sandbox. */
export const remoteFile = (runId: string, file: TargetFile, remotePath: string): string =>
  file.kind === "loose" ? posix.join(STATE_FOLDER, runId, file.name) : posix.join(remotePath, file.path);
