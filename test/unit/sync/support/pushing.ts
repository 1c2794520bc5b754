import { resolve } from "node:path";

import { Pusher, type PusherOptions } from "../../../../src/sync/push/push";
import type { PushRequest, PushResult } from "../../../../src/sync/push/pushRequest";
import { SyncThread } from "../../../../src/sync/worker/syncThread";

const workerFile = resolve("dist/syncWorker.mjs");

type Request = Omit<PushRequest, "sandboxId"> & { readonly sandboxId?: string };

/** The part of an editor window that syncs. */
export class SyncWindow {
  readonly thread: SyncThread;
  readonly #pusher: Pusher;

  /** @param baselineFolder shared by windows; without it a window does not know what others pushed */
  constructor(baselineFolder?: string, options: Omit<PusherOptions, "thread"> = {}) {
    this.thread = new SyncThread({ workerFile, ...(baselineFolder !== undefined && { baselineFolder }) });
    this.#pusher = new Pusher({ thread: this.thread, ...options });
  }

  push(request: Request): Promise<PushResult> {
    return this.#pusher.push({ sandboxId: "sb", ...request });
  }

  prepare(root: string): Promise<void> {
    return this.#pusher.prepare(root);
  }

  dispose(): void {
    this.#pusher.dispose();
    this.thread.dispose();
  }
}

/** Pushes from a separate window, which does not know of any earlier push. */
export async function push(request: Request): Promise<PushResult> {
  const [outcome] = await pushToMany({ ...request, targets: [request] });
  if (outcome?.status === "fulfilled") return outcome.value;
  throw outcome?.reason;
}

export async function pushToMany({
  targets,
  ...common
}: Omit<Request, "remotePath" | "exec"> & {
  readonly targets: readonly Pick<Request, "remotePath" | "exec">[];
}): Promise<PromiseSettledResult<PushResult>[]> {
  const window = new SyncWindow();
  try {
    return await Promise.allSettled(
      targets.map(({ remotePath, exec }, index) =>
        window.push({ ...common, remotePath, exec, sandboxId: `sb-${index}` }),
      ),
    );
  } finally {
    window.dispose();
  }
}
