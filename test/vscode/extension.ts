import { join } from "node:path";
import { extensions, type Extension } from "vscode";

import { findProcesses } from "../e2e/support/processTree";

/** The extension under test. */
export function ourExtension(): Extension<unknown> {
  const extension = extensions.getExtension("modal-sandboxes.modal-sandboxes");
  if (!extension) throw new Error("The extension is not installed.");
  return extension;
}

/** The local backends of this checkout that run. Only Linux can look for them. */
export const localBackends = (): Promise<number[]> =>
  findProcesses(join(ourExtension().extensionPath, "dist", "local.js"), "globalStorage");
