import { basename, join } from "node:path";
import { commands, Uri, window } from "vscode";
import { abortable, delay } from "../../base/async";
import { formatBytes, plural } from "../../base/format";
import { conflictText } from "../../sync/pull/conflictText";
import { DECIDES_WHAT_IS_PUSHED } from "../../sync/folder/protectedNames";
import type { Conflict, ProtectedCopy } from "../../sync/pull/pullMessages";
import type { BigPull } from "../../sync/pull/puller";
import { inert, showInformation, showWarning } from "../outsideText";

/** Asks whether to pull more from a run than the limit. */
export async function approvePull(pull: BigPull, signal: AbortSignal): Promise<boolean> {
  const { root, files, bytes, maxBytes, maxFiles, biggest } = pull;
  const examples = biggest.map(({ path, bytes: size }) => `${basename(path)} ${formatBytes(size)}`).join(", ");
  const question = `The run wrote ${formatBytes(bytes)} in ${plural(files, "file")} for ${basename(root)}: ${examples}. Pull all of it?`;
  const limit = bytes > maxBytes ? formatBytes(maxBytes) : plural(maxFiles, "File");
  const chosen = showInformation(question, PULL_ALL, `Only Up to ${limit}`);
  return (await Promise.race([abortable(Promise.resolve(chosen), signal), delay(PATIENCE_MS, signal)])) === PULL_ALL;
}

/** Until the user answers, the run is not finished and the sandbox cannot sync anything else. */
const PATIENCE_MS = 60_000;

const PULL_ALL = "Pull All";

/** Offers to compare files that changed on both sides, in one notification for all. */
export async function offerConflicts(
  root: string,
  conflicts: readonly Conflict[],
  from: string | undefined,
): Promise<void> {
  const [first] = conflicts;
  if (!first) return;
  const what = conflictText(conflicts, from);
  const where = conflicts.length === 1 ? basename(first.copy) : "next to the ones here";
  const chosen = await showWarning(
    `${what.charAt(0).toUpperCase()}${what.slice(1)}. Nothing here was overwritten; the sandbox's version is ${where}.`,
    COMPARE,
  );
  if (chosen === COMPARE) await compare(root, conflicts);
}

/**
 * Reports rules files, and protected files that also exist here, in one notification. A line in the run's terminal
 * reports protected files that only the sandbox has.
 */
export async function offerCopies(root: string, copies: readonly ProtectedCopy[]): Promise<void> {
  const notable = copies.filter(({ reason, isHere }) => isHere || reason === DECIDES_WHAT_IS_PUSHED);
  const [first] = notable;
  if (!first) return;
  const both = notable.filter(({ isHere }) => isHere);
  const action = both.length > 0 ? COMPARE : SHOW_COPY;
  const chosen = await showWarning(copiesText(first, notable.length), action);
  if (chosen === COMPARE) await compare(root, both);
  if (chosen === SHOW_COPY) await window.showTextDocument(Uri.file(join(root, first.copy)));
}

function copiesText({ path, copy, reason, isHere }: ProtectedCopy, count: number): string {
  if (count > 1)
    return `The sandbox changed ${path} and ${plural(count - 1, "other file")} that tools here read automatically. They were pulled only as copies, which have no effect.`;
  const yours = isHere ? " Your file is unchanged." : "";
  return `The sandbox wrote ${path}. It was pulled only as ${copy}, because ${reason}.${yours}`;
}

const COMPARE = "Compare";
const SHOW_COPY = "Show Copy";

async function compare(root: string, conflicts: readonly Pick<Conflict, "path" | "copy">[]): Promise<void> {
  const at = (path: string) => Uri.file(join(root, path));
  const [first, ...others] = conflicts;
  if (first && others.length === 0) {
    const title = inert(`${basename(first.path)}: sandbox ↔ here`);
    await commands.executeCommand("vscode.diff", at(first.copy), at(first.path), title);
    return;
  }
  const resources = conflicts.map(({ path, copy }) => [at(path), at(copy), at(path)]);
  await commands.executeCommand("vscode.changes", "Sandbox ↔ Here", resources);
}
