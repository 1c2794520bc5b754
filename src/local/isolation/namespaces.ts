import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Isolation, IsolatedRoot, RootOptions, SpawnOptions } from "../isolation";
import { connectTo } from "./connectTo";
import { NamespaceConnector } from "./connector";
import { baseEnvironment, findProgram, systemPath, type Host } from "./host";
import { removeFolder } from "./serverFolder";
import { exitOf, firstLine, startProcess, type Entrance } from "./startProcess";
import { startTerminal } from "./startTerminal";

/** How the root of a sandbox is put together; the rest of a sandbox's life is the same for every layout. */
export interface RootLayout extends Pick<Isolation, "kind" | "description"> {
  /** Whether a user who is not root makes the namespaces, by a user namespace that makes them root inside. */
  readonly isUnprivileged: boolean;
  readonly home: string;
  /** Lays out `path`, an empty folder, for `script`. */
  prepare(path: string): Promise<void>;
  /** Shell that starts in that folder and ends in the root, with the host's own at `/run`. */
  readonly script: string;
}

export function createNamespaceIsolation(host: Host, layout: RootLayout): Isolation {
  const roots = new Set<NamespaceRoot>();
  return {
    kind: layout.kind,
    description: layout.description,
    createRoot: async (options) => {
      const root = await NamespaceRoot.create(host, layout, options);
      roots.add(root);
      return root;
    },
    dispose: async () => {
      await Promise.all([...roots].map((root) => root.dispose()));
      roots.clear();
    },
  };
}

class NamespaceRoot implements IsolatedRoot {
  readonly ended: Promise<void>;
  readonly #path: string;
  readonly #holder: ChildProcess;
  readonly #entrance: Entrance;
  readonly #connector: NamespaceConnector | undefined;

  static async create(
    host: Host,
    layout: RootLayout,
    { sandboxId, blockNetwork }: RootOptions,
  ): Promise<NamespaceRoot> {
    const path = join(host.folder.path, `${sandboxId}-${randomBytes(4).toString("hex")}`);
    await mkdir(path);
    const kinds = ["-m", "-p", "-i", "-u", ...(blockNetwork ? ["-n"] : []), ...(layout.isUnprivileged ? ["-U"] : [])];
    const env = baseEnvironment(host, layout.home);
    try {
      await layout.prepare(path);
      const { holder, initPid } = await startInit(path, layout, kinds, host);
      const enter = [
        findProgram("nsenter", host),
        "-t",
        String(initPid),
        ...kinds,
        ...(layout.isUnprivileged ? ["--preserve-credentials"] : []),
      ];
      const entrance: Entrance = {
        prefix: [...enter, "--", findProgram("setsid", host)],
        initPid,
        cwd: "/",
        baseEnv: env,
        pipes: host.pipes,
      };
      const connector = blockNetwork ? new NamespaceConnector(host, initPid, layout.isUnprivileged) : undefined;
      return new NamespaceRoot(path, holder, entrance, connector);
    } catch (error) {
      await removeFolder(path);
      throw error;
    }
  }

  constructor(path: string, holder: ChildProcess, entrance: Entrance, connector: NamespaceConnector | undefined) {
    this.#path = path;
    this.#holder = holder;
    this.ended = hasExited(holder) ? Promise.resolve() : exitOf(holder).then(() => undefined);
    this.#entrance = entrance;
    this.#connector = connector;
  }

  spawn(options: SpawnOptions) {
    const { pty } = options;
    return pty ? startTerminal(this.#entrance, { ...options, pty }) : startProcess(this.#entrance, options);
  }

  connect(port: number) {
    return this.#connector ? this.#connector.connect(port) : connectTo(port);
  }

  async dispose() {
    this.#connector?.dispose();
    await killHolder(this.#holder);
    await removeFolder(this.#path);
  }
}

/**
 * A sandbox's first process: it ends, and with it every other one inside, when the pipe from the server does, and
 * meanwhile it buries the orphans that come to it. What reads the pipe starts anew where a sandbox kills it.
 */
const INIT = (layoutScript: string): string => `
set -e
read -r pid _ < /proc/self/stat
${layoutScript}
umount -n -l /run
cd /
{ echo modal > /proc/sys/kernel/hostname || hostname modal; } 2>/dev/null || :
[ "$1" = shared ] || ${LOOPBACK_UP} || echo "The sandbox's loopback stays down: there is no tool to raise it." >&2
set +e
exec 9<&0
echo ready $pid
exec </dev/null >/dev/null 2>&1
while :; do
  dd of=/dev/null <&9 &
  wait $!
  [ $? -gt 128 ] || exit
done
`;

// Whichever of these the host has; the Perl is SIOCSIFFLAGS with IFF_UP and IFF_RUNNING.
const LOOPBACK_UP = `{ ip link set lo up || ifconfig lo up || perl -e '
socket(my $s, 2, 1, 0) or exit 1; ioctl($s, 0x8914, my $request = pack("a16sx14", "lo", 0x41)) or exit 1;'; } 2>/dev/null`;

async function startInit(path: string, layout: RootLayout, kinds: readonly string[], host: Host) {
  const namespaces = [...kinds, "-f", "--kill-child", ...(layout.isUnprivileged ? ["-r"] : [])];
  const network = kinds.includes("-n") ? "own" : "shared";
  const command = [
    "--pdeathsig",
    "KILL",
    "unshare",
    ...namespaces,
    "/bin/sh",
    "-c",
    INIT(layout.script),
    "sandbox",
    network,
  ];
  const env = { PATH: systemPath(host), MODAL_LOCAL_SERVER: host.folder.marker };
  const holder = spawn(findProgram("setpriv", host), command, {
    cwd: path,
    env,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  holder.stdin.on("error", () => undefined);
  const failed = new Promise<never>((_, reject) => holder.once("error", reject));

  const [word, pid] = (await Promise.race([firstLine(holder.stdout), failed])).trim().split(" ");
  if (word !== "ready") {
    holder.stdin.end();
    throw new Error(`This machine refuses a sandbox of its own: ${(await text(holder.stderr)).trim()}`);
  }
  holder.stdout.resume();
  holder.stderr.resume();
  return { holder, initPid: Number(pid) };
}

const hasExited = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

async function killHolder(holder: ChildProcess): Promise<void> {
  if (hasExited(holder)) return;
  const exited = exitOf(holder);
  // The first process ends with the pipe, the kernel then kills all others and only then lets go of the first.
  holder.stdin?.destroy();
  await exited;
}
