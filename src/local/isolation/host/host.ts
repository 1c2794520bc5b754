import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import type { ControlGroups } from "../process/controlGroups";
import type { PipeMaker } from "../process/pipeMaker";
import type { ServerFolder } from "./serverFolder";

/** What an isolation is built from. */
export interface Host {
  readonly folder: ServerFolder;
  readonly pipes: PipeMaker;
  readonly groups: ControlGroups;
  /** The folder that no sandbox may see, with every server's files. */
  readonly stateDir: string;
  /** The server's search path, which is the sandboxes' too. */
  readonly path: string;
  /** Personal folders of this machine's users. */
  readonly homes: readonly string[];
  /** The filesystem tool's bundle, and the Node that runs it. */
  readonly fsToolsPath: string;
  readonly nodePath: string;
  /** No sandbox has a network of its own that leads out. */
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

/** Where the tools that build a sandbox are looked for, whatever its programs' search path is. */
export const systemPath = (host: Pick<Host, "path">): string => `${SYSTEM_PATH}:${host.path}`;

/** The full path of a tool: a sandbox's environment has no say in which one is run. */
export function findProgram(name: string, host: Pick<Host, "path">): string {
  for (const folder of systemPath(host).split(":")) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not here.
    }
  }
  throw new Error(`This machine has no ${name}.`);
}
