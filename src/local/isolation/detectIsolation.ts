import { homedir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { messageOf } from "../../base/errors";
import type { Isolation, IsolationKind, NetworkKind } from "../base/isolation";
import { ControlGroups } from "./process/controlGroups";
import { createDirectoryIsolation } from "./directory";
import { findProgram, type Host } from "./host/host";
import { outermost, realPath } from "./host/hostPaths";
import { createOverlayIsolation } from "./overlay";
import { PipeMaker } from "./process/pipeMaker";
import { createPrivateRootIsolation } from "./privateRoot";
import { RenewableRoot } from "./renewableRoot";
import { openServerFolder } from "./host/serverFolder";

export interface DetectOptions {
  /** The folder for servers' files. Several servers may share it. */
  readonly stateDir: string;
  readonly log: (line: string) => void;
  /** Only this kind is tried. Rejects if the machine refuses it. */
  readonly preferred?: IsolationKind;
  /** True if sandboxes share this machine's network even if each could have its own. */
  readonly sharesNetwork?: boolean;
  /** The built `sandboxFs.js`. By default, the one next to the running bundle. */
  readonly fsToolsPath?: string;
  /** The search path of the sandboxes and the home to hide from them. By default, the server's own. */
  readonly path?: string;
  readonly home?: string;
}

/** Finds the strongest isolation that this machine permits, by trying. */
export async function detectIsolation(options: DetectOptions): Promise<Isolation> {
  if (process.platform === "win32") throw new Error("The local backend needs Linux or macOS; on Windows use WSL.");
  const folder = await openServerFolder(options.stateDir);
  const path = options.path ?? process.env.PATH ?? "/usr/bin:/bin";
  const host: Host = {
    folder,
    pipes: new PipeMaker(join(folder.path, "pipes"), findProgram("mkfifo", { path })),
    groups: await ControlGroups.find(folder.path, folder.marker),
    stateDir: realPath(options.stateDir),
    path,
    homes: outermost([options.home ?? homedir(), ...accountHome()]).filter((home) => !SHARED.has(home)),
    fsToolsPath: options.fsToolsPath ?? join(dirname(process.argv[1] ?? ""), "sandboxFs.js"),
    nodePath: process.execPath,
    sharesNetwork: options.sharesNetwork ?? false,
    log: options.log,
  };
  try {
    const isolation = await firstThatWorks(host, options.preferred);
    const description = `${isolation.description} ${host.groups.description} ${NETWORK[isolation.network]}`;
    options.log(description);
    return {
      kind: isolation.kind,
      description,
      layering: isolation.layering,
      network: isolation.network,
      scratch: isolation.scratch,
      createRoot: (root) =>
        isolation.layering === "stacked"
          ? RenewableRoot.open((layers) => isolation.createRoot({ ...root, layers }), root.layers ?? [])
          : isolation.createRoot(root),
      dispose: async () => {
        await isolation.dispose();
        await folder.dispose();
      },
    };
  } catch (error) {
    await folder.dispose();
    throw error;
  }
}

/** In a container, a user may have no account. */
function accountHome(): string[] {
  try {
    return [userInfo().homedir];
  } catch {
    return [];
  }
}

const NETWORK: Record<NetworkKind, string> = {
  own: "Each has its own network, with enforced lists of the addresses and names that it may reach.",
  ownIfClosed:
    "Sandboxes share this machine's network and its ports, unless they may reach nothing; other allowlists are not enforced.",
  shared: "Sandboxes share this machine's network and its ports, and may reach anything.",
};

/** Homes of system users, which hold nothing personal. */
const SHARED = new Set(["/", "/bin", "/dev", "/usr", "/usr/bin", "/usr/sbin", "/var", "/nonexistent"]);

const KINDS: readonly { kind: IsolationKind; create: (host: Host) => Promise<Isolation> }[] = [
  { kind: "overlay", create: createOverlayIsolation },
  { kind: "privateRoot", create: createPrivateRootIsolation },
  { kind: "directory", create: (host) => Promise.resolve(createDirectoryIsolation(host)) },
];

async function firstThatWorks(host: Host, preferred: IsolationKind | undefined): Promise<Isolation> {
  const refusals: string[] = [];
  for (const { kind, create } of KINDS.filter(({ kind }) => preferred === undefined || kind === preferred)) {
    try {
      const isolation = await create(host);
      await tryOut(isolation);
      return isolation;
    } catch (error) {
      refusals.push(`${kind}: ${messageOf(error)}`);
      host.log(`No "${kind}" isolation on this machine: ${messageOf(error)}`);
    }
  }
  throw new Error(`Sandboxes cannot be created on this machine. ${refusals.join(" ")}`);
}

async function tryOut(isolation: Isolation): Promise<void> {
  const root = await isolation.createRoot({ sandboxId: "trial" });
  try {
    const { exited, stdout, stderr } = await root.spawn({ argv: ["true"], env: {}, workdir: "/workspace" });
    stdout.resume();
    stderr.resume();
    const exit = await exited;
    if (exit.kind !== "code" || exit.code !== 0) throw new Error("A test program failed.");
  } finally {
    await root.dispose();
  }
}
