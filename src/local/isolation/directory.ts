import { randomBytes } from "node:crypto";
import { access, mkdir } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { Deferred } from "../../base/async";
import { STATE_FOLDER } from "../../base/stateFolder";
import type {
  IsolatedMount,
  Isolation,
  IsolatedRoot,
  MountOptions,
  RootOptions,
  SpawnOptions,
} from "../base/isolation";
import { connectTo } from "./network/connectTo";
import { copyTree } from "./root/copyTree";
import type { ControlGroup } from "./process/controlGroups";
import { baseEnvironment, FS_TOOLS, type Host } from "./host/host";
import { isWithin } from "./host/hostPaths";
import { CONTENT } from "./root/insidePaths";
import { keepRoots } from "./root/keepRoots";
import { holdsSocket } from "./network/tcpSockets";
import { killMarked, marked } from "./process/marked";
import { removeFolder } from "./host/serverFolder";
import { startProcess, type Entrance } from "./process/startProcess";
import { startTerminal } from "./process/startTerminal";

/**
 * Plain processes of this machine, with a folder for each sandbox. The fallback for machines that permit nothing
 * better.
 */
export function createDirectoryIsolation(host: Host): Isolation {
  return {
    kind: "directory",
    description: "No isolation: sandboxes are plain processes of this machine and can read and change its files.",
    layering: "copied",
    network: "shared",
    scratch: host.folder.path,
    ...keepRoots((options) => DirectoryRoot.create(host, options)),
  };
}

class DirectoryRoot implements IsolatedRoot {
  readonly #disposed = new Deferred<undefined>();
  readonly ended = this.#disposed.promise;
  readonly #host: Host;
  readonly #path: string;
  readonly #marker: string;
  readonly #group: ControlGroup | undefined;
  readonly #entrance: Entrance;
  /** Folders by their paths inside the sandbox, latest first. */
  readonly #shown: Shown[];

  static async create(host: Host, { sandboxId, limits = {}, layers = [] }: RootOptions): Promise<DirectoryRoot> {
    const marker = randomBytes(8).toString("hex");
    const path = join(host.folder.path, `${sandboxId}-${marker}`);
    for (const name of ["workspace", "home", "tmp"]) await mkdir(join(path, name), { recursive: true });
    for (const layer of layers) await copyTree(host, { from: join(layer, CONTENT), to: path });
    return new DirectoryRoot({ host, path, marker, group: await host.groups.create(limits) });
  }

  constructor({ host, path, marker, group }: RootParts) {
    this.#host = host;
    this.#path = path;
    this.#marker = marker;
    this.#group = group;
    this.#shown = [
      { path: "/workspace", place: join(path, "workspace") },
      { path: STATE_FOLDER, place: join(path, "tmp", basename(STATE_FOLDER)) },
    ];
    const env = { ...baseEnvironment(host, join(path, "home")), TMPDIR: join(path, "tmp"), MODAL_LOCAL_ROOT: marker };
    this.#entrance = { prefix: group?.prefix ?? [], initPid: undefined, cwd: path, baseEnv: env, pipes: host.pipes };
  }

  async spawn({ argv, env, workdir, pty }: SpawnOptions) {
    const [program, ...words] = argv;
    const options = {
      argv: program === FS_TOOLS ? this.#fsTools(words) : mapWords(argv, (word) => this.#inside(word)),
      env: program === FS_TOOLS ? { ...env, ELECTRON_RUN_AS_NODE: "1" } : env,
      workdir: this.#folder(workdir),
    };
    return pty ? startTerminal(this.#entrance, { ...options, pty }) : startProcess(this.#entrance, options);
  }

  connect(port: number) {
    return connectTo(port);
  }

  async holdsSocket(inode: string) {
    const pids = await marked(this.#mark);
    return pids.some((pid) => holdsSocket(pid, inode));
  }

  setAllowlist() {
    return Promise.reject(new Error("without isolation, a sandbox's network cannot be restricted."));
  }

  async saveChanges(layer: string): Promise<"copied"> {
    await copyTree(this.#host, { from: this.#path, to: join(layer, CONTENT) });
    return "copied";
  }

  async saveFolder(path: string, layer: string) {
    const from = this.#inside(path);
    await access(from);
    await copyTree(this.#host, { from, to: join(layer, CONTENT) });
  }

  /** Without mounts, a path is shown by rewriting the words of a command that name it. */
  async mount({ path, folders }: MountOptions): Promise<IsolatedMount> {
    const place = join(`${this.#path}-mounts`, randomBytes(4).toString("hex"));
    await mkdir(place, { recursive: true });
    for (const folder of folders) await copyTree(this.#host, { from: folder, to: place });
    const shown = { path, place };
    this.#shown.unshift(shown);
    return {
      folder: place,
      holds: "everything",
      replacedFolders: () => Promise.resolve(new Set()),
      unmount: async () => {
        this.#shown.splice(this.#shown.indexOf(shown), 1);
        await removeFolder(place);
      },
    };
  }

  async stop() {
    await killMarked(this.#mark);
  }

  async dispose() {
    await this.stop();
    await this.#group?.remove();
    await removeFolder(this.#path);
    await removeFolder(`${this.#path}-mounts`);
    this.#disposed.resolve(undefined);
  }

  /** On the machine itself, root's home is closed to other users, or missing. */
  #folder(workdir: string): string {
    if (workdir === "/") return this.#path;
    return workdir === "/root" ? join(this.#path, "home") : this.#inside(workdir);
  }

  get #mark(): string {
    return `MODAL_LOCAL_ROOT=${this.#marker}`;
  }

  #inside(word: string): string {
    const shown = this.#shown.find(({ path }) => isWithin(word, path));
    return shown ? join(shown.place, relative(shown.path, word)) : word;
  }

  #fsTools(words: readonly string[]): [string, ...string[]] {
    const mapped = words.map((word) =>
      word.replace(/("path":")(\/[^"]*)"/, (_, key: string, path: string) => `${key}${this.#inside(path)}"`),
    );
    return [this.#host.nodePath, this.#host.fsToolsPath, ...mapped];
  }
}

interface Shown {
  readonly path: string;
  readonly place: string;
}

interface RootParts {
  readonly host: Host;
  readonly path: string;
  readonly marker: string;
  readonly group: ControlGroup | undefined;
}

const mapWords = (
  [first, ...rest]: readonly [string, ...string[]],
  map: (word: string) => string,
): [string, ...string[]] => [map(first), ...rest.map(map)];
