import { abortable } from "../../base/async";
import { messageOf } from "../../base/errors";
import type { Logger } from "../../base/ports";
import type { Isolation, IsolatedRoot, Limits } from "../isolation";
import { notFound } from "../protocol/errors";
import type { Certificate } from "../tls/certificate";
import { Activity } from "./activity";
import { Execs } from "./execs";
import { newId, type Generation } from "./ids";
import { Latch } from "./latch";
import { LogBook, logSource } from "./logBook";
import { LoggedSpool } from "./loggedSpool";
import { reachesNothing } from "./networkPolicy";
import { Program } from "./program";
import { awaitReady } from "./readiness";
import { ResourceMeter } from "./resourceMeter";
import { couldNotStart, ended, idle, lost, terminated, timedOut, type SandboxResult } from "./sandboxResult";
import type { SandboxDisk } from "./sandboxDisk";
import type { OpenPort, SandboxSpec } from "./sandboxSpec";
import type { Spool } from "./spool";
import { openTunnel, type Tunnel } from "./tunnel";

export interface SandboxOptions {
  readonly id: string;
  readonly generation: Generation;
  readonly appId: string;
  /** Seconds since the epoch, different for every sandbox. */
  readonly createdAt: number;
  readonly spec: SandboxSpec;
  readonly tags: ReadonlyMap<string, string>;
  readonly outputFolder: string;
  /** Of its tunnels. */
  readonly certificate: Certificate;
  /** What stdout begins with. */
  readonly greeting: string;
  readonly disk: SandboxDisk;
  readonly log: Logger;
}

const DEFAULT_WORKDIR = "/root";

/** One sandbox from its creation to its end: queued until `start`, then running, then ended for good. */
export class Sandbox {
  readonly id: string;
  readonly generation: Generation;
  readonly appId: string;
  readonly createdAt: number;
  readonly taskId = newId("ta");
  readonly spec: SandboxSpec;
  readonly stdout: Spool;
  readonly stderr: Spool;
  /** What its command has printed. */
  readonly logs = new LogBook();
  readonly execs: Execs;
  readonly activity: Activity;
  readonly disk: SandboxDisk;
  name: string;
  tags: ReadonlyMap<string, string>;

  readonly #certificate: Certificate;
  readonly #log: Logger;
  /** Set when it runs, and where it ends without. */
  readonly #started = new Latch<true>();
  readonly #finished = new Latch<SandboxResult>();
  readonly #ending = new AbortController();
  #starting: Promise<void> | undefined;
  #root: IsolatedRoot | undefined;
  #entrypoint: Program | undefined;
  #tunnels: readonly Tunnel[] = [];
  #lifetime: ReturnType<typeof setTimeout> | undefined;
  #startedAt: number | undefined;
  #finishedAt: number | undefined;
  #readyAt: number | undefined;
  #ready: Promise<number> | undefined;
  #meter: ResourceMeter | undefined;
  #result: SandboxResult | undefined;

  constructor(options: SandboxOptions) {
    const { id, generation, appId, createdAt, spec, tags, outputFolder, greeting, disk, log } = options;
    this.id = id;
    this.generation = generation;
    this.appId = appId;
    this.createdAt = createdAt;
    this.spec = spec;
    this.name = spec.name;
    this.tags = tags;
    this.disk = disk;
    this.stdout = new LoggedSpool(outputFolder, this.logs.open(logSource.stdout));
    this.stderr = new LoggedSpool(outputFolder, this.logs.open(logSource.stderr));
    void this.stdout.append(Buffer.from(greeting));
    this.activity = new Activity(secsToMs(spec.idleTimeoutSecs), () => {
      this.#end(idle);
    });
    this.execs = new Execs(outputFolder, this.activity);
    this.#certificate = options.certificate;
    this.#log = log;
  }

  /** Seconds since the epoch. */
  get startedAt(): number | undefined {
    return this.#startedAt;
  }

  get finishedAt(): number | undefined {
    return this.#finishedAt;
  }

  get readyAt(): number | undefined {
    return this.#readyAt;
  }

  /** Whether it has a place to run, or had one. */
  get isScheduled(): boolean {
    return this.#starting !== undefined;
  }

  /** How it ended; there as soon as nothing can keep it from ending. */
  get result(): SandboxResult | undefined {
    return this.#result;
  }

  /** Of what it uses, or used; none where that cannot be told. */
  get meter(): ResourceMeter | undefined {
    return this.#meter;
  }

  get tunnels(): readonly Tunnel[] {
    return this.#tunnels;
  }

  /** Gives it a root and starts its command. Rejects, and ends the sandbox, where the machine refuses. */
  start(isolation: Isolation): Promise<void> {
    this.#starting ??= this.#start(isolation).catch((error: unknown) => {
      this.#log.error(`Sandbox ${this.id} could not start: ${messageOf(error)}`);
      this.#end(couldNotStart(messageOf(error)));
      throw error;
    });
    return this.#starting;
  }

  /** Resolves when it runs, or has run and ended. */
  whenStarted(signal: AbortSignal): Promise<true> {
    return this.#started.wait(signal);
  }

  whenFinished(signal?: AbortSignal): Promise<SandboxResult> {
    return this.#finished.wait(signal);
  }

  /** Resolves with the time in seconds when the probe first succeeded. */
  async whenReady(signal: AbortSignal): Promise<number> {
    const { probe } = this.spec;
    if (!probe) throw new Error("The sandbox has no readiness probe.");
    this.#ready ??= awaitReady(this.runningRoot(), probe, this.#ending.signal).then(() => {
      this.#readyAt = nowSecs();
      return this.#readyAt;
    });
    return abortable(this.#ready, signal);
  }

  /** Aborted as soon as nothing can keep it from ending. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** Ends it as if its machine had died. */
  lose(): void {
    this.#end(lost);
  }

  /** Ends it, if it has not ended. `whenFinished` tells when it has. */
  terminate(): void {
    this.#end(terminated);
  }

  /** Forgets its outputs, once it has ended. */
  dispose(): void {
    this.stdout.dispose();
    this.stderr.dispose();
    this.execs.dispose();
  }

  /** Its root while it runs; throws NOT_FOUND before and after. */
  runningRoot(): IsolatedRoot {
    if (this.#result) throw notFound(`Sandbox ${this.id} has ended.`);
    if (!this.#root) throw notFound(`Sandbox ${this.id} has not started.`);
    return this.#root;
  }

  /** The command that it was created with; throws NOT_FOUND where there is none. */
  entrypoint(): Program {
    if (!this.#entrypoint) throw notFound(`Sandbox ${this.id} has no command to write to.`);
    return this.#entrypoint;
  }

  get environment(): Readonly<Record<string, string>> {
    return {
      MODAL_CLOUD_PROVIDER: "local",
      MODAL_REGION: "local",
      ...this.spec.env,
      MODAL_IMAGE_ID: this.spec.imageId,
      MODAL_SANDBOX_ID: this.id,
      MODAL_TASK_ID: this.taskId,
    };
  }

  get workdir(): string {
    return this.spec.workdir ?? DEFAULT_WORKDIR;
  }

  async #start(isolation: Isolation): Promise<void> {
    const root = await isolation.createRoot({
      sandboxId: this.id,
      blockNetwork: reachesNothing(this.spec.network),
      limits: limitsOf(this.spec),
      layers: this.disk.layers,
    });
    this.#root = root;
    if (this.#result) return;
    if (root.processes) this.#meter = new ResourceMeter(() => root.processes?.() ?? []);
    void root.ended.then(() => {
      this.#end(lost);
    });

    await this.disk.open(root);
    if (this.spec.workdir !== undefined) await makeDirectory(root, this.spec.workdir);
    this.#tunnels = await Promise.all(this.spec.ports.map((port) => this.#openTunnel(root, port)));
    await this.#startEntrypoint(root);

    this.#startedAt = nowSecs();
    this.#lifetime = setTimeout(() => {
      this.#end(timedOut);
    }, this.spec.timeoutSecs * 1000);
    this.activity.start();
    this.#started.set(true);
    if (this.spec.probe) this.whenReady(this.#ending.signal).catch(() => undefined);
  }

  #openTunnel(root: IsolatedRoot, { port: containerPort, isHttp2 }: OpenPort): Promise<Tunnel> {
    return openTunnel({
      containerPort,
      isHttp2,
      certificate: this.#certificate,
      connect: () => root.connect(containerPort),
      onConnection: () => this.activity.begin(),
    });
  }

  async #startEntrypoint(root: IsolatedRoot): Promise<void> {
    const [program, ...rest] = this.spec.argv;
    if (program === undefined) return;

    const entrypoint = await Program.start(root, {
      argv: [program, ...rest],
      env: this.environment,
      workdir: this.workdir,
      ...(this.spec.pty && { pty: this.spec.pty }),
      stdout: this.stdout,
      stderr: this.stderr,
      timeoutMs: undefined,
    });
    this.#entrypoint = entrypoint;
    void entrypoint.exited.then((exit) => {
      this.#end(ended(exit));
    });
  }

  #end(result: SandboxResult): void {
    if (this.#result) return;
    this.#result = result;
    this.#ending.abort();
    this.#cleanUp(result).catch((error: unknown) => {
      this.#log.error(`Sandbox ${this.id} could not be removed: ${messageOf(error)}`);
    });
  }

  async #cleanUp(result: SandboxResult): Promise<void> {
    await this.#starting?.catch(() => undefined);
    clearTimeout(this.#lifetime);
    this.activity.dispose();
    this.#meter?.dispose();
    for (const tunnel of this.#tunnels) tunnel.dispose();
    try {
      await this.#root?.stop();
      await this.disk.close(this.#root);
      await this.#root?.dispose();
    } finally {
      if (!this.#entrypoint) {
        this.stdout.end();
        this.stderr.end();
      }
      this.#finishedAt = nowSecs();
      this.#started.set(true);
      this.#finished.set(result);
    }
  }
}

const nowSecs = (): number => Date.now() / 1000;

const secsToMs = (secs: number | undefined): number | undefined => (secs === undefined ? undefined : secs * 1000);

function limitsOf({ resources: { milliCpuMax, memoryMbMax } }: SandboxSpec): Limits {
  return {
    cpus: milliCpuMax > 0 ? milliCpuMax / 1000 : undefined,
    memoryBytes: memoryMbMax > 0 ? memoryMbMax * 1024 * 1024 : undefined,
  };
}

/** As a container's working directory is made where the image lacks it. */
async function makeDirectory(root: IsolatedRoot, path: string): Promise<void> {
  const mkdir = await root.spawn({ argv: ["mkdir", "-p", path], env: {}, workdir: "/" });
  mkdir.stdout.resume();
  mkdir.stderr.resume();
  await mkdir.exited;
}
