import { UserError } from "../base/errors";
import { quote } from "../base/quote";
import { STATE_FOLDER } from "../base/stateFolder";
import type { Exec } from "./remoteProcess";

/** Where a sandbox keeps the outputs that could not be pulled, when the next run begins with the folder as it was pushed. */
const KEPT_FOLDER = `${STATE_FOLDER}/kept`;

/** Moves paths of the remote folder below `KEPT_FOLDER`. Returns the folder that they are in. Throws a `UserError`. */
export async function moveAside(exec: Exec, remotePath: string, paths: readonly string[]): Promise<string> {
  const folder = `${KEPT_FOLDER}/${new Date().toISOString().replaceAll(/\D/g, "")}`;
  const process = await exec(["sh", "-c", MOVE, "sh", remotePath, folder]);
  await process.write(Buffer.from(paths.map((path) => `aside ${quote(`./${path}`)}\n`).join("")));
  await process.closeInput();
  const [{ stderr }, exitCode] = await Promise.all([process.output, process.exitCode]);
  if (exitCode !== 0) throw notMoved(paths, stderr);
  return folder;
}

/** The list goes through a file, because shells read a script from a pipe byte by byte. */
const MOVE = `
export LC_ALL=C
cd -- "$1" 2>/dev/null || exit 0
folder=$2
failed=0
mkdir -p -- "$folder" || exit 1
aside() {
  [ -e "$1" ] || [ -L "$1" ] || return 0
  place=$folder/\${1#./}
  mkdir -p -- "\${place%/*}" && mv -- "$1" "$place" || failed=1
}
cat >"$folder/.list" && . "$folder/.list"
rm -f -- "$folder/.list"
exit "$failed"
`;

const notMoved = (paths: readonly string[], stderr: string) =>
  new UserError(
    `Outputs of the run before that could not be pulled are still in the sandbox's folder, and cannot be moved out of it${stderr.trim() === "" ? "" : ` (${stderr.trim()})`}. Download them, then delete them there: ${paths.slice(0, 3).join(", ")}.`,
    { actions: [{ title: "Download from Sandbox…", command: "modalSandboxes.downloadFromSandbox" }] },
  );
