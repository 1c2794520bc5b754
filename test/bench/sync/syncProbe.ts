import { setTimeout as sleep } from "node:timers/promises";

import { createClient } from "../../backend/support/localBackend";
import { execIn } from "../../backend/support/sdkExec";
import { SyncWindow } from "../../unit/sync/support/pushing";
import { HostWatch } from "../support/hostWatch";
import { pullInto } from "./pullInto";

/** The instructions for a separate process, which measures itself and prints a JSON line of `ProbeResult`. */
export interface ProbeOrder {
  readonly backend: Parameters<typeof createClient>[0];
  readonly sandboxId: string;
  readonly direction: "push" | "pull";
  readonly root: string;
  readonly remotePath: string;
}

export interface ProbeResult {
  readonly growthMb: number;
  readonly blockMs: number;
}

const SETTLE_MS = 300;

async function probe({ backend, sandboxId, direction, root, remotePath }: ProbeOrder): Promise<ProbeResult> {
  const modal = createClient(backend);
  const sandbox = await modal.sandboxes.fromId(sandboxId);
  // Opens the connection first, so that only the sync is measured.
  await (await sandbox.exec(["true"])).wait();
  await sleep(SETTLE_MS);
  const window = new SyncWindow();
  const watch = new HostWatch();
  if (direction === "pull") await pullInto({ sandbox, remotePath, root }, window.thread);
  else await window.push({ root, remotePath, exec: execIn(sandbox), signal: new AbortController().signal });
  watch.stop();
  return { growthMb: watch.growthMb, blockMs: watch.blockMs };
}

void probe(JSON.parse(process.argv[2] ?? "") as ProbeOrder).then((result) => {
  console.log(JSON.stringify(result));
  process.exit(0);
});
