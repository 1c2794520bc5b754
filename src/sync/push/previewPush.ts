import { abortable } from "../../base/async";
import { askSandbox } from "../remote/askSandbox";
import type { PushPreview } from "./preview";
import { folderRefused } from "./pushErrors";
import type { PushRequest } from "./pushRequest";
import type { SyncThread } from "../worker/syncThread";

/** Asks for the changes of a push without pushing anything. Without `exec`, they are those for a fresh sandbox. */
export interface PreviewRequest extends Pick<PushRequest, "root" | "sandboxId" | "remotePath" | "signal"> {
  readonly exec: PushRequest["exec"] | undefined;
}

export const previewPush = (thread: SyncThread, request: PreviewRequest): Promise<PushPreview> =>
  abortable(preview(thread, request), request.signal);

const preview = (thread: SyncThread, { root, sandboxId, remotePath, exec }: PreviewRequest): Promise<PushPreview> =>
  thread.use(async (worker) => {
    const session = worker.newId();
    try {
      const opened = await worker.call("open", { session, root, keys: [{ sandboxId, remotePath, root }] });
      if ("problem" in opened) throw folderRefused(root, opened.problem);
      // If nothing has changed here, a push does not ask the sandbox.
      const isAsked = exec && !opened.plans[0]?.isEmpty;
      const script = isAsked && (await worker.call("ask", { session, target: 0 }));
      const output = script ? await askSandbox(exec, remotePath, script) : undefined;
      return await worker.call("preview", { session, target: 0, output });
    } finally {
      if (!worker.isDead) await worker.call("close", { session });
    }
  });
