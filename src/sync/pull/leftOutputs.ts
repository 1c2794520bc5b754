import { isAbort, UserError } from "../../base/errors";
import { listSandbox } from "../remote/askSandbox";
import type { BaselineKey } from "../folder/baseline";
import type { Exec } from "../remote/remoteProcess";
import type { RunningWorker } from "../worker/syncThread";

/** Returns the paths of outputs of earlier runs that were not pulled. Asks the sandbox if they are not known here. */
export async function leftOutputs(worker: RunningWorker, key: BaselineKey, exec: Exec): Promise<readonly string[]> {
  const known = await worker.call("leftOutputs", key);
  if (known !== "unseen") return known;
  const listing = await list(exec, key.remotePath);
  if (listing === undefined || !(await worker.call("noteUnseen", { key, listing }))) throw notListed(key.remotePath);
  const left = await worker.call("leftOutputs", key);
  return left === "unseen" ? [] : left;
}

async function list(exec: Exec, remotePath: string): Promise<string | undefined> {
  try {
    return await listSandbox(exec, remotePath);
  } catch (error) {
    if (isAbort(error)) throw error;
    throw notListed(remotePath, error);
  }
}

const notListed = (remotePath: string, cause?: unknown) =>
  new UserError(
    `The sandbox cannot list ${remotePath}. Outputs of an earlier run may still be there, and would mix with those of this run. Terminate the sandbox and run again in another one.`,
    { cause },
  );
