import { formatBytes, plural } from "../base/format";
import type { BigPush } from "../sync/pushRequest";
import { askInDialog } from "./outsideText";
import { pushLimits } from "./settings";

const PUSH = "Push";

/** Below that many a push may delete whatever was deleted. */
const FEW_DELETES = 20;

/** Asks about a push that is larger than the settings allow without a question, or that empties the sandbox's folder; one that nobody attends to is turned down. */
export async function approvePush(push: BigPush): Promise<boolean> {
  const { maxFiles, maxBytes } = pushLimits();
  const isBig = push.files > maxFiles || push.bytes > maxBytes;
  const isEmptying = push.deletes > FEW_DELETES && push.deletes > push.known / 2;
  if (!isBig && !isEmptying) return true;
  if (push.isUnattended) return false;

  const amount = `${plural(push.files, "file")}, ${formatBytes(push.bytes)}`;
  const question = isBig
    ? `Push ${amount} to the sandbox?`
    : `Delete ${plural(push.deletes, "file")} in the sandbox that are gone here, more than half of them?`;
  const biggest = push.biggest.map(
    ({ path, files, bytes }) => `${path}: ${formatBytes(bytes)}, ${plural(files, "file")}`,
  );
  const detail = [
    push.root,
    ...(isBig ? ["", "The biggest in it:", ...biggest, "", "What .modalignore or .gitignore names stays here."] : []),
  ];
  return (await askInDialog(question, detail, PUSH)) === PUSH;
}
