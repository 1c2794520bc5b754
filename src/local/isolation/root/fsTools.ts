import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { quote } from "../../../base/quote";
import { FS_TOOLS, type Host } from "../host/host";

/** Installs the filesystem tool at the path that the SDK uses, in a root that is being prepared at `base`. */
export async function installFsTools(host: Host, base: string): Promise<void> {
  const bundle = join(dirname(FS_TOOLS), "sandboxFs.js");
  await mkdir(join(base, dirname(FS_TOOLS)), { recursive: true });
  try {
    await copyFile(host.fsToolsPath, join(base, bundle));
  } catch {
    host.log(`The sandboxes have no filesystem tool: ${host.fsToolsPath} is missing.`);
    return;
  }
  const wrapper = `#!/bin/sh\nunset NODE_OPTIONS\nELECTRON_RUN_AS_NODE=1 exec ${quote(host.nodePath)} ${bundle} "$@"\n`;
  await writeFile(join(base, FS_TOOLS), wrapper, { mode: 0o755 });
}
