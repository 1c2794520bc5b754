import { realpathSync } from "node:fs";
import { parentPort, workerData, type MessagePort } from "node:worker_threads";

import { SerialQueue } from "../base/async";
import { resolveRoot } from "./folderRoot";
import type { PullOrder, PullReport, PullRequest } from "./pullMessages";
import { PullSession } from "./pullSession";

/** A thread of its own, because comparing and writing block. */
function main(): void {
  if (!parentPort) throw new Error("This is a worker's entry point.");
  const port = parentPort;
  const { root, since } = workerData as PullRequest;
  const resolved = since ? resolveRoot(root) : { path: realpathSync(root) };
  if ("path" in resolved) serve(port, new PullSession(resolved.path, since, rulesHere));
  else send(port, { kind: "refused", problem: resolved.problem });
}

/** macOS can be set to tell `A` from `a`; taking it for one that cannot refuses no more than a second spelling. */
const rulesHere = {
  isWindows: process.platform === "win32",
  foldsCase: process.platform === "win32" || process.platform === "darwin",
};

function serve(port: MessagePort, session: PullSession): void {
  const orders = new SerialQueue();
  let isOver = false;
  const finish = async (isStopped: boolean) => {
    isOver = true;
    send(port, { kind: "done", ...(await session.finish(isStopped)) });
    port.close();
  };
  port.on("message", (order: PullOrder) => {
    void orders
      .run(async () => {
        if (isOver) return;
        switch (order.kind) {
          case "block":
            session.write(order.bytes);
            give(port, order.bytes.buffer, { kind: "taken", buffer: order.bytes.buffer, ...session.counts });
            break;
          case "listed":
            send(port, { kind: "planned", ...session.plan() });
            break;
          case "go": {
            const bytes = session.start(order.isOverwriting, order.maxBytes);
            give(port, bytes.buffer, { kind: "names", bytes });
            break;
          }
          case "end":
            await finish(false);
            break;
          case "stop":
            await finish(true);
        }
      })
      .catch((error: unknown) => {
        session.dispose();
        // Ends the thread with it, which is how the host hears of it.
        setImmediate(() => {
          throw error;
        });
      });
  });
}

function send(port: MessagePort, report: PullReport): void {
  port.postMessage(report);
}

function give(port: MessagePort, memory: ArrayBuffer, report: PullReport): void {
  port.postMessage(report, [memory]);
}

main();
