import { parentPort, workerData, type MessagePort } from "node:worker_threads";

import { Blocks } from "./blocks";
import { Credits } from "./credits";
import { resolveRoot } from "./folderRoot";
import { pack, type PackProgress } from "./pack";
import { scan } from "./scan";
import { CREDITS, type TreeMessage, type TreeReply, type TreeRequest } from "./treeMessages";

/** A thread of its own, because scanning and packing block: see `openTree`. */
async function main(): Promise<void> {
  if (!parentPort) throw new Error("This is a worker's entry point.");
  const { root } = workerData as TreeRequest;
  const resolved = resolveRoot(root);
  if ("path" in resolved) await sendTree(resolved.path, parentPort);
  else send(parentPort, { kind: "refused", problem: resolved.problem });
  parentPort.close();
}

async function sendTree(root: string, port: MessagePort): Promise<void> {
  const { entries, skipped, files, bytes } = scan(root);
  send(port, { kind: "scanned", files, bytes });

  const progress: PackProgress = { files: 0, bytes: 0, path: "" };
  const credits = new Credits(CREDITS);
  const blocks = new Blocks((block) => {
    credits.take();
    send(port, { kind: "block", bytes: block, progress }, [block.buffer]);
  });
  port.on("message", ({ taken }: TreeReply) => {
    blocks.recycle(taken);
    credits.grant();
  });
  const sink = {
    write: (chunk: Uint8Array) => {
      blocks.append(chunk);
    },
    ready: () => credits.available(),
  };
  const skippedLate = await pack(root, entries, sink, progress);
  blocks.flush();
  send(port, { kind: "end", files: progress.files, bytes: progress.bytes, skipped: [...skipped, ...skippedLate] });
}

function send(port: MessagePort, message: TreeMessage, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

void main();
