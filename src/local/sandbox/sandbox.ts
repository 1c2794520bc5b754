import type { Duplex } from "node:stream";
import { abortable } from "../../base/async";
import type { Logger } from "../../base/ports";
import type { IsolatedRoot, SpawnOptions } from "../base/isolation";
import type { Certificate } from "../tls/certificate";
import { Activity } from "./activity";
import { Container } from "./container";
import { Execs } from "./execs";
import { newId, type Generation } from "../base/ids";
import { Latch } from "../base/latch";
import { LogBook, logSource } from "../streams/logBook";
import { LoggedSpool } from "../streams/loggedSpool";
import { awaitReady } from "./readiness";
import { ResourceMeter } from "./resourceMeter";
import { idle, lost, terminated, timedOut, type SandboxResult } from "./sandboxResult";
import type { SandboxDisk } from "./sandboxDisk";
import type { OpenPort, SandboxSpec } from "./sandboxSpec";
import { Sidecars } from "./sidecars";
import { describeSharing, MACHINE, type Listener, type SharedPorts } from "./sharedPorts";
import type { Spool } from "../streams/spool";
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
  /** Undefined if it has a network of its own. */
  readonly sharedPorts: SharedPorts | undefined;
  /** What stdout begins with. */
  readonly greeting: string;
  readonly disk: SandboxDisk;
  readonly log: Logger;
}

/** One sandbox from its creation to its end: its container, and what makes it one that a client can reach. */
export class Sandbox {
  readonly id: string;
  readonly generation: Generation;
  readonly appId: string;
  readonly createdAt: number;
  readonly taskId = newId("ta");
  readonly spec: SandboxSpec;
  /** What its command has printed. */
  readonly logs = new LogBook();
  readonly execs: Execs;
  readonly activity: Activity;
  readonly container: Container;
  readonly sidecars = new Sidecars();
  readonly sharedPorts: SharedPorts | undefined;
  name: string;
  tags: ReadonlyMap<string, string>;

  readonly #certificate: Certificate;
  readonly #log: Logger;
  /** The sentence last logged about each shared port. */
  readonly #said = new Map<number, string>();
  /** Set when it runs, and where it ends without. */
  readonly #started = new Latch<true>();
  #tunnels: readonly Tunnel[] = [];
  #lifetime: ReturnType<typeof setTimeout> | undefined;
  #startedAt: number | undefined;
  #readyAt: number | undefined;
  #ready: Promise<number> | undefined;
  #meter: ResourceMeter | undefined;

  constructor(options: SandboxOptions) {
    const { id, generation, appId, createdAt, spec, tags, outputFolder, greeting, disk, log } = options;
    this.id = id;
    this.generation = generation;
    this.appId = appId;
    this.createdAt = createdAt;
    this.spec = spec;
    this.name = spec.name;
    this.tags = tags;
    this.sharedPorts = options.sharedPorts;
    this.#log = log;
    this.container = new Container({
      id,
      spec,
      environment: this.environmentWith(spec.env, spec.imageId),
      disk,
      stdout: new LoggedSpool(outputFolder, this.logs.open(logSource.stdout)),
      stderr: new LoggedSpool(outputFolder, this.logs.open(logSource.stderr)),
      owner: {
        prepare: (root) => this.#prepare(root),
        started: () => {
          this.#begin();
        },
        release: () => this.#release(),
      },
      log,
    });
    void this.stdout.append(Buffer.from(greeting));
    this.activity = new Activity(secsToMs(spec.idleTimeoutSecs), () => {
      this.container.end(idle);
    });
    this.execs = new Execs(outputFolder, this.activity);
    this.#certificate = options.certificate;
  }

  get stdout(): Spool {
    return this.container.stdout;
  }

  get stderr(): Spool {
    return this.container.stderr;
  }

  /** Seconds since the epoch. */
  get startedAt(): number | undefined {
    return this.#startedAt;
  }

  get finishedAt(): number | undefined {
    return this.container.finishedAt;
  }

  get readyAt(): number | undefined {
    return this.#readyAt;
  }

  /** How it ended; there as soon as nothing can keep it from ending. */
  get result(): SandboxResult | undefined {
    return this.container.result;
  }

  /** Of what it uses, or used; none where that cannot be told. */
  get meter(): ResourceMeter | undefined {
    return this.#meter;
  }

  get tunnels(): readonly Tunnel[] {
    return this.#tunnels;
  }

  /** What programs in one of its containers have in their environment. */
  environmentWith(env: Readonly<Record<string, string>>, imageId: string): Readonly<Record<string, string>> {
    return { ...PLACE, ...env, MODAL_IMAGE_ID: imageId, MODAL_SANDBOX_ID: this.id, MODAL_TASK_ID: this.taskId };
  }

  /** Its own container, or a sidecar's; throws NOT_FOUND where there is none. */
  containerOf(id: string): Container {
    return id === "" ? this.container : this.sidecars.get(id).container;
  }

  /** Connects to a port inside; rejects if another sandbox listens there, on a machine whose ports they share. */
  async connect(port: number): Promise<Duplex> {
    const root = this.container.runningRoot();
    const listener = await this.sharedPorts?.listenerOn(port);
    if (listener !== undefined && listener !== MACHINE && listener !== this.id)
      throw new Error(this.#saySharing(port, listener));
    return root.connect(port);
  }

  /** True if a process in one of its containers has the socket with this inode open. */
  async holdsSocket(inode: string): Promise<boolean> {
    for (const container of [this.container, ...this.sidecars.list(false).map((sidecar) => sidecar.container)])
      if (await container.holdsSocket(inode)) return true;
    return false;
  }

  /** The declared ports that it competes for, each with who listens there. */
  async contendedPorts(): Promise<ReadonlyMap<number, Listener | undefined>> {
    const contended = new Map<number, Listener | undefined>();
    if (!this.sharedPorts || this.result) return contended;
    for (const { port } of this.spec.ports) {
      const listener = await this.sharedPorts.listenerOn(port);
      const isForeign = listener !== undefined && listener !== this.id;
      if (isForeign || this.sharedPorts.isContended(port, this)) contended.set(port, listener);
    }
    return contended;
  }

  /** Resolves when it runs, or has run and ended. */
  whenStarted(signal: AbortSignal): Promise<true> {
    return this.#started.wait(signal);
  }

  whenFinished(signal?: AbortSignal): Promise<SandboxResult> {
    return this.container.whenFinished(signal);
  }

  /** Resolves with the time in seconds when the probe first succeeded. */
  async whenReady(signal: AbortSignal): Promise<number> {
    const { probe } = this.spec;
    if (!probe) throw new Error("The sandbox has no readiness probe.");
    const root = this.container.runningRoot();
    const probed = {
      connect: (port: number) => this.connect(port),
      spawn: (options: SpawnOptions) => root.spawn(options),
    };
    this.#ready ??= awaitReady(probed, probe, this.container.ending).then(() => {
      this.#readyAt = nowSecs();
      return this.#readyAt;
    });
    return abortable(this.#ready, signal);
  }

  /** Ends it as if its machine had died. */
  lose(): void {
    this.container.end(lost);
  }

  /** Ends it, if it has not ended. `whenFinished` tells when it has. */
  terminate(): void {
    this.container.end(terminated);
  }

  /** Forgets its outputs, once it has ended. */
  dispose(): void {
    this.container.dispose();
    this.sidecars.dispose();
    this.execs.dispose();
  }

  async #prepare(root: IsolatedRoot): Promise<void> {
    if (root.processes) this.#meter = new ResourceMeter(() => root.processes?.() ?? []);
    for (const [port, listener] of await this.contendedPorts()) this.#saySharing(port, listener);
    this.#tunnels = await Promise.all(this.spec.ports.map((port) => this.#openTunnel(port)));
  }

  /** Logs who listens on a port, if that is not what was said last. */
  #saySharing(port: number, listener: Listener | undefined): string {
    const sentence = describeSharing(port, listener);
    if (this.#said.get(port) !== sentence) this.#log.warn(`${this.id}: ${sentence}`);
    this.#said.set(port, sentence);
    return sentence;
  }

  #openTunnel({ port: containerPort, isHttp2 }: OpenPort): Promise<Tunnel> {
    return openTunnel({
      containerPort,
      isHttp2,
      certificate: this.#certificate,
      connect: () => this.connect(containerPort),
      onConnection: () => this.activity.begin(),
    });
  }

  #begin(): void {
    this.#startedAt = nowSecs();
    this.#lifetime = setTimeout(() => {
      this.container.end(timedOut);
    }, this.spec.timeoutSecs * 1000);
    this.activity.start();
    this.#started.set(true);
    if (this.spec.probe) this.whenReady(this.container.ending).catch(() => undefined);
  }

  async #release(): Promise<void> {
    clearTimeout(this.#lifetime);
    this.activity.dispose();
    this.#meter?.dispose();
    for (const tunnel of this.#tunnels) tunnel.dispose();
    this.#tunnels = [];
    void this.container.whenFinished().then(() => {
      this.#started.set(true);
    });
    await this.sidecars.endAll();
  }
}

// Where programs find that they run; a secret may say something else.
const PLACE = { MODAL_CLOUD_PROVIDER: "local", MODAL_REGION: "local" };

const nowSecs = (): number => Date.now() / 1000;

const secsToMs = (secs: number | undefined): number | undefined => (secs === undefined ? undefined : secs * 1000);
