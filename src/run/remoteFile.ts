import { posix } from "node:path";
import type { TargetFile } from "./target";

/** The path of a run's file in the sandbox. */
export const remoteFile = (runId: string, file: TargetFile, remotePath: string): string =>
  file.kind === "loose" ? posix.join("/tmp/.modal-sandboxes", runId, file.name) : posix.join(remotePath, file.path);
