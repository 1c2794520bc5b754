import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import type { Allowlist, Isolation, IsolatedRoot, MountOptions, RootOptions, SpawnOptions } from "../base/isolation";
import { isNothing } from "../network/outboundPolicy";
import { connectTo } from "./network/connectTo";
import type { ControlGroup } from "./process/controlGroups";
import { NamespaceConnector } from "./network/connector";
import { copyTree } from "./root/copyTree";
import { baseEnvironment, findProgram, systemPath, type Host } from "./host/host";
import { CONTENT, makeInside, resolveInside } from "./root/insidePaths";
import { isLarge } from "./root/isLarge";
import { keepRoots } from "./root/keepRoots";
import { OuterMounts } from "./root/outerMounts";
import { holdsSocket } from "./network/tcpSockets";
import { leadOut, type WayOut } from "./network/ownNetwork";
import { ProcessTable } from "./process/processTable";
import { removeFolder } from "./host/serverFolder";
import { pidNamespaceOf } from "./process/sessions";
import { exitOf, firstLine, startProcess, type Entrance } from "./process/startProcess";
import { startTerminal } from "./process/startTerminal";
import HOLD from "./hold.sh";
import INIT from "./init.sh";
import LOOPBACK_UP from "./loopbackUp.pl";

/** The construction of a sandbox's root. The rest of a sandbox's life is the same for every layout. */
export interface RootLayout extends Pick<Isolation, "kind" | "description"> {
  /** True if a user other than root creates the namespaces, in a user namespace that makes that user root inside. */
  readonly isUnprivileged: boolean;
  /**
   * True if every sandbox has its own network with a connection to the outside. Otherwise only one that may reach
   * nothing has its own.
   */
  readonly hasOwnNetwork: boolean;
  readonly home: string;
  readonly layering: Isolation["layering"];
  /** Prepares `path`, an empty folder, for the scripts. */
  prepare(path: string, layers: readonly string[]): Promise<void>;
  /** For hold.sh: starts in that folder, in a mount namespace around the sandbox's, and builds the root at `root`. */
  readonly assemble: ShellFunction;
  /** For init.sh: starts in that folder and ends in the root, with the host's root at `/run`. */
  readonly enter: ShellFunction;
  /** Folders in `path` that hold changes, with their names in a layer. */
  changes(path: string): readonly { readonly name: string; readonly folder: string }[];
  /** Folders in `path` that a sandbox can write to but layers do not save. */
  unsaved(path: string): readonly string[];
}

/** A script that defines a shell function named like the property, and the arguments of the call. */
interface ShellFunction {
  readonly script: string;
  readonly words: readonly string[];
}

export function createNamespaceIsolation(host: Host, layout: RootLayout): Isolation {
  const processTable = new ProcessTable();
  return {
    kind: layout.kind,
    description: layout.description,
    layering: layout.layering,
    scratch: host.folder.path,
    network: layout.hasOwnNetwork ? "own" : "ownIfClosed",
    ...keepRoots((options) => NamespaceRoot.create({ host, layout, processTable }, options)),
  };
}

class NamespaceRoot implements IsolatedRoot {
  readonly ended: Promise<void>;
  readonly #host: Host;
  readonly #layout: RootLayout;
  readonly #processTable: ProcessTable;
  readonly #path: string;
  readonly #holder: ChildProcess;
  readonly #group: ControlGroup | undefined;
  readonly #entrance: Entrance;
  readonly #connector: NamespaceConnector | undefined;
  /** Programs start only after this has resolved. */
  readonly #wayOut: Promise<WayOut> | undefined;
  readonly #mounts: OuterMounts;
  #isStopped = false;

  static async create(
    { host, layout, processTable }: Pick<RootParts, "host" | "layout" | "processTable">,
    { sandboxId, allowlist, limits = {}, layers = [] }: RootOptions,
  ): Promise<NamespaceRoot> {
    const path = join(host.folder.path, `${sandboxId}-${randomBytes(4).toString("hex")}`);
    await mkdir(path);
    const network = networkOf(layout, allowlist);
    const user = layout.isUnprivileged ? ["-U"] : [];
    const kinds = ["-m", "-p", "-i", "-u", ...(network === "shared" ? [] : ["-n"]), ...user];
    const env = baseEnvironment(host, layout.home);
    const group = await host.groups.create(limits);
    const groupPrefix = group?.prefix ?? [];
    try {
      await layout.prepare(path, layers);
      const { holder, initPid } = await startInit({ path, layout, kinds, network, host, groupPrefix });
      const enter = (namespaces: readonly string[]) => [
        ...[findProgram("nsenter", host), "-t", String(initPid), ...namespaces],
        ...(layout.isUnprivileged ? ["--preserve-credentials"] : []),
        "--",
      ];
      const entrance: Entrance = {
        prefix: [...groupPrefix, ...enter(kinds), findProgram("setsid", host)],
        initPid,
        cwd: "/",
        baseEnv: env,
        pipes: host.pipes,
      };
      const intoNetwork = enter(["-n", ...user]);
      const connector = network === "shared" ? undefined : new NamespaceConnector(host, intoNetwork);
      const wayOut = network === "open" ? leadOut(host, intoNetwork, allowlist) : undefined;
      wayOut?.catch(() => undefined);
      return new NamespaceRoot({ host, layout, processTable, path, holder, group, entrance, connector, wayOut });
    } catch (error) {
      await group?.remove();
      await removeFolder(path);
      throw error;
    }
  }

  constructor({ host, layout, processTable, path, holder, group, entrance, connector, wayOut }: RootParts) {
    this.#host = host;
    this.#layout = layout;
    this.#processTable = processTable;
    this.#path = path;
    this.#holder = holder;
    this.ended = hasExited(holder) ? Promise.resolve() : exitOf(holder).then(() => undefined);
    this.#group = group;
    this.#entrance = entrance;
    this.#connector = connector;
    this.#wayOut = wayOut;
    const { isUnprivileged } = layout;
    this.#mounts = new OuterMounts({ host, path, holderPid: holder.pid ?? 0, isUnprivileged });
  }

  async spawn(options: SpawnOptions) {
    await this.#wayOut;
    const { pty } = options;
    return pty ? startTerminal(this.#entrance, { ...options, pty }) : startProcess(this.#entrance, options);
  }

  connect(port: number) {
    return this.#connector ? this.#connector.connect(port) : connectTo(port);
  }

  holdsSocket(inode: string) {
    const { initPid } = this.#entrance;
    const pids = initPid === undefined ? [] : pidsInNamespaceOf(initPid);
    return Promise.resolve(pids.some((pid) => holdsSocket(pid, inode)));
  }

  async setAllowlist(allowlist: Allowlist) {
    const wayOut = await this.#wayOut;
    if (!this.#connector) throw new Error("this machine cannot restrict a sandbox's network.");
    if (!wayOut && !isNothing(allowlist))
      throw new Error("a sandbox that was created without network access cannot get it later.");
    wayOut?.setAllowlist(allowlist);
  }

  processes() {
    const { initPid } = this.#entrance;
    return initPid === undefined ? [] : this.#processTable.inNamespaceOf(initPid);
  }

  async saveChanges(layer: string): Promise<"copied"> {
    for (const { name, folder } of this.#layout.changes(this.#path)) {
      const to = join(layer, name);
      await mkdir(dirname(to), { recursive: true });
      if (this.#isStopped) await rename(folder, to);
      else await copyTree(this.#host, { from: folder, to, prefix: this.#asOwner() });
    }
    return "copied";
  }

  async isAtRest() {
    const { initPid } = this.#entrance;
    if (initPid === undefined || this.#layout.layering === "copied" || this.#mounts.count > 0) return false;
    const onlyHere = [...this.#layout.unsaved(this.#path), `/proc/${initPid}/root/dev/shm`];
    if (onlyHere.some((folder) => readdirSync(folder).length > 0)) return false;
    if (pidsInNamespaceOf(initPid).length > OWN_PROCESSES) return false;
    return isLarge(this.#layout.changes(this.#path).map(({ folder }) => folder)).catch(() => false);
  }

  async saveFolder(path: string, layer: string) {
    const inside = await resolveInside(this, path);
    await copyTree(this.#host, {
      from: `/proc/${this.#entrance.initPid ?? ""}/root${inside}`,
      to: join(layer, CONTENT),
      prefix: this.#asOwner(),
    });
  }

  async mount({ path, folders, readOnly }: MountOptions) {
    return this.#mounts.mount(await makeInside(this, path), folders, readOnly);
  }

  async stop() {
    this.#connector?.dispose();
    (await this.#wayOut?.catch(() => undefined))?.dispose();
    await killHolder(this.#holder);
    this.#isStopped = true;
  }

  async dispose() {
    await this.stop();
    await this.#group?.remove();
    await removeFolder(this.#path);
  }

  /** A sandbox may own files that its unprivileged owner can read only within the user namespace. */
  #asOwner(): string[] {
    if (!this.#layout.isUnprivileged) return [];
    const initPid = String(this.#entrance.initPid);
    return [findProgram("nsenter", this.#host), "-t", initPid, "-U", "--preserve-credentials", "--"];
  }
}

/** The sandbox's own network without or with a connection to the outside, or this machine's network. */
type Network = "closed" | "open" | "shared";

function networkOf(layout: RootLayout, allowlist: Allowlist | undefined): Network {
  if (isNothing(allowlist)) return "closed";
  return layout.hasOwnNetwork ? "open" : "shared";
}

// A sandbox's first process, and the process that reads its pipe.
const OWN_PROCESSES = 2;

const pidsInNamespaceOf = (initPid: number): number[] => {
  const namespace = pidNamespaceOf(initPid);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && pidNamespaceOf(Number(name)) === namespace)
    .map(Number);
};

interface RootParts {
  readonly host: Host;
  readonly layout: RootLayout;
  readonly processTable: ProcessTable;
  readonly path: string;
  readonly holder: ChildProcess;
  readonly group: ControlGroup | undefined;
  readonly entrance: Entrance;
  readonly connector: NamespaceConnector | undefined;
  readonly wayOut: Promise<WayOut> | undefined;
}

interface InitOptions extends Pick<RootParts, "host" | "layout" | "path"> {
  readonly kinds: readonly string[];
  readonly network: Network;
  /** A command prefix that applies the sandbox's limits. */
  readonly groupPrefix: readonly string[];
}

async function startInit({ path, layout, kinds, network, host, groupPrefix }: InitOptions) {
  const { assemble, enter } = layout;
  const diesWithServer = [findProgram("setpriv", host), "--pdeathsig", "KILL", "unshare"] as const;
  const [program = diesWithServer[0], ...words] = [
    ...groupPrefix,
    ...diesWithServer,
    ...["-m", ...(layout.isUnprivileged ? ["-U", "-r"] : [])],
    ...["/bin/sh", "-c", assemble.script + HOLD, "sandbox-holder", ...assemble.words, "--"],
    ...diesWithServer,
    ...[...kinds.filter((kind) => kind !== "-U"), "--propagation", "slave", "-f", "--kill-child"],
    ...["/bin/sh", "-c", enter.script + INIT, "sandbox", network, LOOPBACK_UP, ...enter.words],
  ];
  const env = { PATH: systemPath(host), MODAL_LOCAL_SERVER: host.folder.marker };
  const holder = spawn(program, words, {
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
    throw new Error(`This machine does not permit sandboxes: ${(await text(holder.stderr)).trim()}`);
  }
  holder.stdout.resume();
  holder.stderr.resume();
  return { holder, initPid: Number(pid) };
}

const hasExited = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

async function killHolder(holder: ChildProcess): Promise<void> {
  if (hasExited(holder)) return;
  const exited = exitOf(holder);
  // The first process ends with the pipe. The kernel then kills all others before it releases the first.
  holder.stdin?.destroy();
  await exited;
}
