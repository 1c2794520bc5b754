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
  /** The environment of every program in the container. */
  readonly environment: Readonly<Record<string, string>>;
  readonly disk: SandboxDisk;
  readonly stdout: Spool;
  readonly stderr: Spool;
  readonly owner: ContainerOwner;
  readonly log: Logger;
}

/** The steps that surround a container's life. */
export interface ContainerOwner {
  /** Called before the command starts. */
  prepare(root: IsolatedRoot): Promise<void>;
  /** Called when the command runs. */
  started(): void;
  /** Called when the container has ended or is about to. Nothing in it is being started at that time. */
  release(): Promise<void>;
}

const DEFAULT_WORKDIR = "/root";
// Docker's image folder. Running Docker would take more than this folder, which a local sandbox lacks.
const DOCKER_FOLDER = "/var/lib/docker";

/** A root with its files and a command in it. It is queued until `start`, then running, then ended for good. */
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

  /** True if it has, or had, a place to run. */
  get isScheduled(): boolean {
    return this.#starting !== undefined;
  }

  /** Set as soon as nothing can prevent the end. */
  get result(): SandboxResult | undefined {
    return this.#result;
  }

  /** Aborts as soon as nothing can prevent the end. */
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

  /** Creates the root and starts the command. If the machine refuses, rejects and ends the container. */
  start(isolation: Isolation): Promise<void> {
    this.#starting ??= this.#start(isolation).catch((error: unknown) => {
      this.#log.error(`${this.id} could not start: ${messageOf(error)}`);
      this.end(couldNotStart(messageOf(error)));
      throw error;
    });
    return this.#starting;
  }

  /** Ends the container unless it has ended. Await `whenFinished` for the end. */
  end(result: SandboxResult): void {
    if (this.#result) return;
    this.#result = result;
    this.#ending.abort(endOf(this.id));
    this.#cleanUp(result).catch((error: unknown) =>
      this.#log.error(`${this.id} could not be removed: ${messageOf(error)}`),
    );
  }

  /** The root while the container runs. Throws NOT_FOUND before and afterward. */
  runningRoot(): IsolatedRoot {
    if (this.#result) throw notFound(`${this.id} has ended.`);
    if (!this.#root) throw notFound(`${this.id} has not started.`);
    return this.#root;
  }

  /** True if one of its processes has the socket with this inode open. */
  async holdsSocket(inode: string): Promise<boolean> {
    return (await this.#root?.holdsSocket(inode)) ?? false;
  }

  /** The command that the container was created with. Throws NOT_FOUND if there is none. */
  entrypoint(): Program {
    if (!this.#entrypoint) throw notFound(`${this.id} has no command to write to.`);
    return this.#entrypoint;
  }

  /** Discards the outputs of an ended container. */
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
    void root.ended.then(() => this.end(lost));

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
    void entrypoint.exited.then((exit) => this.end(ended(exit)));
  }

  async #cleanUp(result: SandboxResult): Promise<void> {
    await this.#starting?.catch(() => undefined);
    try {
      await this.#owner.release();
      await this.#root?.stop();
      await this.disk.close(this.#root);
      await this.#root?.dispose();
    } finally {
      // An ended container can be queried for a long time, and its root takes memory.
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

/** Reads the stack, because until then an error retains the calls in which it was created, with their connections. */
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

/** The folders to create if the image lacks them. Without isolation, the system's folders are this machine's own. */
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
