import type { ServerFolder } from "./serverFolder";

/** What an isolation is built from. */
export interface Host {
  readonly folder: ServerFolder;
  /** The folder that no sandbox may see, with every server's files. */
  readonly stateDir: string;
  /** The server's search path, which is the sandboxes' too. */
  readonly path: string;
  /** Personal folders of this machine's users. */
  readonly homes: readonly string[];
  /** The filesystem tool's bundle, and the Node that runs it. */
  readonly fsToolsPath: string;
  readonly nodePath: string;
  readonly log: (line: string) => void;
}

export const FS_TOOLS = "/__modal/.bin/modal-sandbox-fs-tools";

export const baseEnvironment = (host: Host, home: string): Record<string, string> => ({
  PATH: host.path,
  HOME: home,
  LANG: "C.UTF-8",
  MODAL_LOCAL_SERVER: host.folder.marker,
});
