import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import type { ControlGroups } from "../process/controlGroups";
import type { PipeMaker } from "../process/pipeMaker";
import type { ServerFolder } from "./serverFolder";

/** The parts of this machine that every isolation uses. */
export interface Host {
  readonly folder: ServerFolder;
  readonly pipes: PipeMaker;
  readonly groups: ControlGroups;
  /** The folder with every server's files, which no sandbox may see. */
  readonly stateDir: string;
  /** The server's search path, also used by the sandboxes. */
  readonly path: string;
  /** Personal folders of this machine's users. */
  readonly homes: readonly string[];
  /** The filesystem tool's bundle, and the Node that runs it. */
  readonly fsToolsPath: string;
  readonly nodePath: string;
  /** True if no sandbox has its own network with a connection to the outside. */
  readonly sharesNetwork: boolean;
  readonly log: (line: string) => void;
}

export const FS_TOOLS = "/__modal/.bin/modal-sandbox-fs-tools";

export const baseEnvironment = (host: Host, home: string): Record<string, string> => ({
  PATH: host.path,
  HOME: home,
  LANG: "C.UTF-8",
  MODAL_LOCAL_SERVER: host.folder.marker,
});

const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The search path for tools that build a sandbox, independent of its programs' search path. */
export const systemPath = (host: Pick<Host, "path">): string => `${SYSTEM_PATH}:${host.path}`;

/** The full path of a tool. A sandbox's environment cannot influence it. */
export function findProgram(name: string, host: Pick<Host, "path">): string {
  for (const folder of systemPath(host).split(":")) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Try the next folder.
    }
  }
  throw new Error(`This machine has no ${name}.`);
}
