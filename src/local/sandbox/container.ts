import { messageOf } from "../../base/errors";
import type { Logger } from "../../base/ports";
import type { Isolation, IsolatedRoot, IsolationKind, Limits } from "../base/isolation";
import { notFound } from "../protocol/errors";
import { Latch } from "../base/latch";
import { Program } from "./program";
import type { SandboxDisk } from "./sandboxDisk";
import { couldNotStart, ended, lost, type SandboxResult } from "./sandboxResult";
import type { ContainerSpec } from "./sandboxSpec";
import type { Spool } from "../streams/spool";

export interface ContainerOptions {
  readonly id: string;
  readonly spec: ContainerSpec;
  /** What every program in it has in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly disk: SandboxDisk;
  readonly stdout: Spool;
  readonly stderr: Spool;
  readonly owner: ContainerOwner;
  readonly log: Logger;
}

/** What comes and goes with a container. */
export interface ContainerOwner {
  /** Before its command starts. */
  prepare(root: IsolatedRoot): Promise<void>;
  /** Its command runs. */
  started(): void;
  /** It has ended, or is about to, and nothing of it is being started any more. */
  release(): Promise<void>;
}

const DEFAULT_WORKDIR = "/root";
// Where Docker keeps its images; it needs more than this to run, which a sandbox here has not.
const DOCKER_FOLDER = "/var/lib/docker";

/** A root with its files and a command in it: queued until `start`, then running, then ended for good. */
export class Container {
  readonly id: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly disk: SandboxDisk;
  readonly stdout: Spool;
  readonly stderr: Spool;
  readonly #spec: ContainerSpec;
  readonly #owner: ContainerOwner;
  readonly #log: Logger;
  readonly #finished = new Latch<SandboxResult>();
  readonly #ending = new AbortController();
  #starting: Promise<void> | undefined;
  #root: IsolatedRoot | undefined;
  #entrypoint: Program | undefined;
  #result: SandboxResult | undefined;
  #finishedAt: number | undefined;

  constructor({ id, spec, environment, disk, stdout, stderr, owner, log }: ContainerOptions) {
    this.id = id;
    this.environment = environment;
    this.disk = disk;
    this.stdout = stdout;
    this.stderr = stderr;
    this.#spec = spec;
    this.#owner = owner;
    this.#log = log;
  }

  get workdir(): string {
    return this.#spec.workdir ?? DEFAULT_WORKDIR;
  }

  /** Whether it has a place to run, or had one. */
  get isScheduled(): boolean {
    return this.#starting !== undefined;
  }

  /** How it ended; there as soon as nothing can keep it from ending. */
  get result(): SandboxResult | undefined {
    return this.#result;
  }

  /** Aborted as soon as nothing can keep it from ending. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** Seconds since the epoch. */
  get finishedAt(): number | undefined {
    return this.#finishedAt;
  }

  whenFinished(signal?: AbortSignal): Promise<SandboxResult> {
    return this.#finished.wait(signal);
  }

  /** Gives it a root and starts its command. Rejects, and ends it, where the machine refuses. */
  start(isolation: Isolation): Promise<void> {
    this.#starting ??= this.#start(isolation).catch((error: unknown) => {
      this.#log.error(`${this.id} could not start: ${messageOf(error)}`);
      this.end(couldNotStart(messageOf(error)));
      throw error;
    });
    return this.#starting;
  }

  /** Ends it, if it has not ended. `whenFinished` tells when it has. */
  end(result: SandboxResult): void {
    if (this.#result) return;
    this.#result = result;
    this.#ending.abort(endOf(this.id));
    this.#cleanUp(result).catch((error: unknown) => {
      this.#log.error(`${this.id} could not be removed: ${messageOf(error)}`);
    });
  }

  /** Its root while it runs; throws NOT_FOUND before and after. */
  runningRoot(): IsolatedRoot {
    if (this.#result) throw notFound(`${this.id} has ended.`);
    if (!this.#root) throw notFound(`${this.id} has not started.`);
    return this.#root;
  }

  /** True if one of its processes has the socket with this inode open. */
  async holdsSocket(inode: string): Promise<boolean> {
    return (await this.#root?.holdsSocket(inode)) ?? false;
  }

  /** The command that it was created with; throws NOT_FOUND where there is none. */
  entrypoint(): Program {
    if (!this.#entrypoint) throw notFound(`${this.id} has no command to write to.`);
    return this.#entrypoint;
  }

  /** Forgets its outputs, once it has ended. */
  dispose(): void {
    this.stdout.dispose();
    this.stderr.dispose();
  }

  async #start(isolation: Isolation): Promise<void> {
    const root = await isolation.createRoot({
      sandboxId: this.id,
      allowlist: this.#spec.network.allowed,
      limits: limitsOf(this.#spec),
      layers: this.disk.layers,
    });
    this.#root = root;
    if (this.#result) return;
    void root.ended.then(() => {
      this.end(lost);
    });

    await this.disk.open(root);
    const folders = foldersOf(this.#spec, isolation.kind);
    if (folders.length > 0) await makeFolders(root, folders);
    await this.#owner.prepare(root);
    await this.#startEntrypoint(root);
    this.#owner.started();
  }

  async #startEntrypoint(root: IsolatedRoot): Promise<void> {
    const [program, ...rest] = this.#spec.argv;
    if (program === undefined) return;

    const entrypoint = await Program.start(root, {
      argv: [program, ...rest],
      env: this.environment,
      workdir: this.workdir,
      ...(this.#spec.pty && { pty: this.#spec.pty }),
      stdout: this.stdout,
      stderr: this.stderr,
      timeoutMs: undefined,
    });
    this.#entrypoint = entrypoint;
    void entrypoint.exited.then((exit) => {
      this.end(ended(exit));
    });
  }

  async #cleanUp(result: SandboxResult): Promise<void> {
    await this.#starting?.catch(() => undefined);
    try {
      await this.#owner.release();
      await this.#root?.stop();
      await this.disk.close(this.#root);
      await this.#root?.dispose();
    } finally {
      // What has ended can be asked about for long, and its root takes memory.
      this.#root = undefined;
      if (!this.#entrypoint) {
        this.stdout.end();
        this.stderr.end();
      }
      this.#finishedAt = Date.now() / 1000;
      this.#finished.set(result);
    }
  }
}

/** Until its stack is read, an error holds on to the calls that it was made in, with their connections. */
function endOf(id: string): DOMException {
  const reason = new DOMException(`${id} has ended.`, "AbortError");
  reason.stack?.toString();
  return reason;
}

function limitsOf({ resources: { milliCpuMax, memoryMbMax } }: ContainerSpec): Limits {
  return {
    cpus: milliCpuMax > 0 ? milliCpuMax / 1000 : undefined,
    memoryBytes: memoryMbMax > 0 ? memoryMbMax * 1024 * 1024 : undefined,
  };
}

/** What is made where the image lacks it. Without isolation the system's folders are this machine's own. */
function foldersOf({ workdir, enablesDocker }: ContainerSpec, isolation: IsolationKind): readonly string[] {
  const docker = enablesDocker && isolation !== "directory" ? DOCKER_FOLDER : undefined;
  return [workdir, docker].filter((folder) => folder !== undefined);
}

async function makeFolders(root: IsolatedRoot, paths: readonly string[]): Promise<void> {
  const mkdir = await root.spawn({ argv: ["mkdir", "-p", ...paths], env: {}, workdir: "/" });
  mkdir.stdout.resume();
  mkdir.stderr.resume();
  await mkdir.exited;
}
