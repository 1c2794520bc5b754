import { abortable, abortError } from "../base/async";
import type { SkippedEntry } from "./folderEntry";
import { ProgressReporter } from "./progressReporter";
import { folderRefused } from "./pushErrors";
import type { Exec } from "./remoteProcess";
import { Transfer } from "./transfer";
import { defaultWorkerFile, openTree, type Tree } from "./tree";

export interface PushTarget {
  /** Absolute; created where it is missing. */
  readonly remotePath: string;
  readonly exec: Exec;
}

export interface PushProgress {
  readonly files: number;
  readonly bytes: number;
  readonly totalFiles: number;
  readonly totalBytes: number;
  /** The entry on its way, relative to the folder; "" before the first. */
  readonly path: string;
}

export interface PushResult {
  readonly files: number;
  readonly bytes: number;
  readonly skipped: readonly SkippedEntry[];
}

interface Options {
  /** The local folder. */
  readonly root: string;
  /** Called at most ten times a second, and once at the end. */
  readonly onProgress?: (progress: PushProgress) => void;
  /** The built `syncWorker.js`, if it is not beside the calling bundle. */
  readonly workerFile?: string;
  readonly signal: AbortSignal;
}

/** Makes what `root` holds (less what is ignored) the content of one target; what else is there stays. */
export async function push({ remotePath, exec, ...options }: Options & PushTarget): Promise<PushResult> {
  const [outcome] = await pushToMany({ ...options, targets: [{ remotePath, exec }] });
  if (outcome?.status === "fulfilled") return outcome.value;
  throw outcome?.reason;
}

/**
 * Reads and packs `root` once and sends it to every target, at the pace of the slowest.
 * @returns an outcome per target, in their order; rejects if `root` itself cannot be pushed
 */
export async function pushToMany({
  root,
  targets,
  onProgress,
  workerFile = defaultWorkerFile(),
  signal,
}: Options & { readonly targets: readonly PushTarget[] }): Promise<PromiseSettledResult<PushResult>[]> {
  if (signal.aborted) throw abortError();
  const tree = openTree(root, workerFile);
  const transfers = targets.map(({ remotePath, exec }) => new Transfer(remotePath, exec));
  const progress = new ProgressReporter((value: PushProgress) => onProgress?.(value), 100);
  try {
    return await abortable(sendAll({ root, tree, transfers, progress }), signal);
  } finally {
    tree.dispose();
    for (const transfer of transfers) transfer.abandon();
    progress.finish();
  }
}

interface Sending {
  readonly root: string;
  readonly tree: Tree;
  readonly transfers: readonly Transfer[];
  readonly progress: ProgressReporter<PushProgress>;
}

async function sendAll(sending: Sending): Promise<PromiseSettledResult<PushResult>[]> {
  const result = await sendTree(sending);
  return Promise.allSettled(
    sending.transfers.map(async (transfer) => {
      await transfer.finish();
      return result;
    }),
  );
}

async function sendTree({ root, tree, transfers, progress }: Sending): Promise<PushResult> {
  let totals = { totalFiles: 0, totalBytes: 0 };
  for await (const message of tree.messages) {
    switch (message.kind) {
      case "refused":
        throw folderRefused(root, message.problem);
      case "scanned":
        totals = { totalFiles: message.files, totalBytes: message.bytes };
        progress.report({ files: 0, bytes: 0, ...totals, path: "" });
        break;
      case "block":
        await Promise.all(transfers.map((transfer) => transfer.write(message.bytes)));
        if (transfers.every((transfer) => transfer.isOver)) return NOTHING;
        progress.report({ ...message.progress, ...totals });
        break;
      case "end":
        return { files: message.files, bytes: message.bytes, skipped: message.skipped };
    }
  }
  throw new Error("The sync worker ended before its work did.");
}

/** Stands for a result where every target is about to say why it has none. */
const NOTHING: PushResult = { files: 0, bytes: 0, skipped: [] };
