import { UserError } from "../../base/errors";
import { quote } from "../../base/quote";
import { STATE_FOLDER } from "../../base/stateFolder";
import MOVE_ASIDE from "../remote/moveAside.sh";
import type { Exec } from "../remote/remoteProcess";

/**
 * The folder in a sandbox for outputs that could not be pulled, when the next run begins with the folder as it was
 * pushed.
 */
const KEPT_FOLDER = `${STATE_FOLDER}/kept`;

export interface MovedAside {
  /** The folder in the sandbox that they were moved to, if any could be named. */
  readonly movedTo?: string;
  /** Paths that stay in place, because a name that is not UTF-8 cannot be sent back. */
  readonly inPlace?: readonly string[];
}

/** Moves paths of the remote folder below `KEPT_FOLDER`. Throws a `UserError`. */
export async function moveAside(exec: Exec, remotePath: string, paths: readonly string[]): Promise<MovedAside> {
  const inPlace = paths.filter((path) => path.includes(NOT_UTF8));
  const nameable = paths.filter((path) => !path.includes(NOT_UTF8));
  const stuck = inPlace.length > 0 && { inPlace };
  if (nameable.length === 0) return { ...stuck };

  const movedTo = `${KEPT_FOLDER}/${new Date().toISOString().replaceAll(/\D/g, "")}`;
  const process = await exec(["sh", "-c", MOVE_ASIDE, "sh", remotePath, movedTo]);
  const list = nameable.map((path, index) => `aside ${index} ${quote(`./${path}`)}\n`).join("");
  await process.write(Buffer.from(list));
  await process.closeInput();
  const [{ stdout, stderr }, exitCode] = await Promise.all([process.output, process.exitCode]);
  if (exitCode !== 0) {
    const failed = [...stdout.matchAll(/^left (\d+)$/gm)].flatMap(([, index]) => nameable[Number(index)] ?? []);
    throw notMoved(failed.length > 0 ? failed : nameable, stderr);
  }
  return { movedTo, ...stuck };
}

/** The replacement character for bytes that are not UTF-8. */
const NOT_UTF8 = "\uFFFD";

const notMoved = (paths: readonly string[], stderr: string) =>
  new UserError(
    `Outputs of an earlier run could not be pulled, and they cannot be moved out of the sandbox's folder${stderr.trim() === "" ? "" : ` (${stderr.trim()})`}. Download them, then delete them in the sandbox: ${paths.slice(0, 3).join(", ")}.`,
    { actions: [{ title: "Download from Sandbox…", command: "modalSandboxes.downloadFromSandbox" }] },
  );
