import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Deferred } from "../../base/async";
import type { Isolation, IsolatedRoot, RootOptions, SpawnOptions } from "../isolation";
import { connectTo } from "./connectTo";
import { baseEnvironment, FS_TOOLS, type Host } from "./host";
import { killMarked } from "./marked";
import { removeFolder } from "./serverFolder";
import { startProcess, type Entrance } from "./startProcess";
import { startTerminal } from "./startTerminal";

/** Plain processes of this machine, each sandbox with a folder of its own: for where nothing better can be had. */
export function createDirectoryIsolation(host: Host): Isolation {
  const roots = new Set<DirectoryRoot>();
  return {
    kind: "directory",
    description: "No isolation: sandboxes are plain processes of this machine and can read and change its files.",
    createRoot: async (options) => {
      const root = await DirectoryRoot.create(host, options);
      roots.add(root);
      return root;
    },
    dispose: async () => {
      await Promise.all([...roots].map((root) => root.dispose()));
      roots.clear();
    },
  };
}

class DirectoryRoot implements IsolatedRoot {
  readonly #disposed = new Deferred<undefined>();
  readonly ended = this.#disposed.promise;
  readonly #host: Host;
  readonly #path: string;
  readonly #marker: string;
  readonly #entrance: Entrance;

  static async create(host: Host, { sandboxId }: RootOptions): Promise<DirectoryRoot> {
    const marker = randomBytes(8).toString("hex");
    const path = join(host.folder.path, `${sandboxId}-${marker}`);
    for (const name of ["workspace", "home", "tmp"]) await mkdir(join(path, name), { recursive: true });
    return new DirectoryRoot(host, path, marker);
  }

  constructor(host: Host, path: string, marker: string) {
    this.#host = host;
    this.#path = path;
    this.#marker = marker;
    const env = { ...baseEnvironment(host, join(path, "home")), TMPDIR: join(path, "tmp"), MODAL_LOCAL_ROOT: marker };
    this.#entrance = { prefix: [], initPid: undefined, cwd: path, baseEnv: env, pipes: host.pipes };
  }

  async spawn({ argv, env, workdir, pty }: SpawnOptions) {
    const [program, ...words] = argv;
    const options = {
      argv: program === FS_TOOLS ? this.#fsTools(words) : mapWords(argv, (word) => this.#inside(word)),
      env: program === FS_TOOLS ? { ...env, ELECTRON_RUN_AS_NODE: "1" } : env,
      workdir: workdir === "/" ? this.#path : this.#inside(workdir),
    };
    return pty ? startTerminal(this.#entrance, { ...options, pty }) : startProcess(this.#entrance, options);
  }

  connect(port: number) {
    return connectTo(port);
  }

  async dispose() {
    await killMarked(`MODAL_LOCAL_ROOT=${this.#marker}`);
    await removeFolder(this.#path);
    this.#disposed.resolve(undefined);
  }

  /** Without mounts `/workspace` cannot be a place of its own, so the words that name it are led to one that can. */
  #inside(word: string): string {
    return /^\/workspace(\/|$)/.test(word) ? join(this.#path, word) : word;
  }

  #fsTools(words: readonly string[]): [string, ...string[]] {
    const mapped = words.map((word) =>
      word.replace(
        /("path":")(\/workspace(?:\/[^"]*)?)"/,
        (_, key: string, path: string) => `${key}${this.#inside(path)}"`,
      ),
    );
    return [this.#host.nodePath, this.#host.fsToolsPath, ...mapped];
  }
}

const mapWords = (
  [first, ...rest]: readonly [string, ...string[]],
  map: (word: string) => string,
): [string, ...string[]] => [map(first), ...rest.map(map)];
