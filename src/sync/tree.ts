import { on } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

import type { Disposable } from "../base/disposable";
import type { TreeMessage, TreeReply, TreeRequest } from "./treeMessages";

/** A folder being scanned and packed by a worker thread. */
export interface Tree extends Disposable {
  /**
   * To be read once. A block counts as taken when the next message is asked for: the worker waits for that, and its
   * memory is then the worker's again.
   */
  readonly messages: AsyncIterable<TreeMessage>;
}

/** The worker is built beside the code that starts it. */
export const defaultWorkerFile = (): string => join(__dirname, "syncWorker.js");

/** Disposing stops the worker at once, wherever it is. */
export function openTree(root: string, workerFile: string): Tree {
  const request: TreeRequest = { root };
  const worker = new Worker(workerFile, { workerData: request });
  // `messages` rejects with it while it is read; afterwards nobody is left to tell, and Node would end the process.
  worker.on("error", () => undefined);
  return {
    messages: readMessages(worker),
    dispose: () => {
      // Resolves with the exit code; there is nothing to learn from it.
      void worker.terminate();
    },
  };
}

async function* readMessages(worker: Worker): AsyncGenerator<TreeMessage> {
  for await (const [message] of on(worker, "message", { close: ["exit"] }) as AsyncIterable<[TreeMessage]>) {
    yield message;
    if (message.kind === "block") giveBack(worker, message.bytes.buffer);
  }
}

function giveBack(worker: Worker, taken: ArrayBuffer): void {
  const reply: TreeReply = { taken };
  worker.postMessage(reply, [taken]);
}
