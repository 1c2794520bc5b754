import { parentPort, workerData } from "node:worker_threads";

import { Blocks } from "./blocks";
import { Credits } from "./credits";
import { resolveRoot } from "./folderRoot";
import { pack, type PackProgress } from "./pack";
import { scan } from "./scan";
import { CREDITS, type TreeMessage, type TreeRequest } from "./treeMessages";

/** A thread of its own, because scanning and packing block: see `openTree`. */
async function main(): Promise<void> {
  if (!parentPort) throw new Error("This is a worker's entry point.");
  const port = parentPort;
  const send = (message: TreeMessage, transfer: ArrayBuffer[] = []) => {
    port.postMessage(message, transfer);
  };

  const credits = new Credits(CREDITS);
  port.on("message", () => {
    credits.grant();
  });

  const { root } = workerData as TreeRequest;
  const resolved = resolveRoot(root);
  if ("path" in resolved) await sendTree(resolved.path, credits, send);
  else send({ kind: "refused", problem: resolved.problem });
  port.close();
}

async function sendTree(
  root: string,
  credits: Credits,
  send: (message: TreeMessage, transfer?: ArrayBuffer[]) => void,
): Promise<void> {
  const { entries, skipped, files, bytes } = scan(root);
  send({ kind: "scanned", files, bytes });

  const progress: PackProgress = { files: 0, bytes: 0, path: "" };
  const blocks = new Blocks((block) => {
    credits.take();
    send({ kind: "block", bytes: block, progress }, [block.buffer]);
  });
  const sink = {
    write: (chunk: Uint8Array) => {
      blocks.append(chunk);
    },
    ready: () => credits.available(),
  };
  const skippedLate = await pack(root, entries, sink, progress);
  blocks.flush();
  send({ kind: "end", files: progress.files, bytes: progress.bytes, skipped: [...skipped, ...skippedLate] });
}

void main();
