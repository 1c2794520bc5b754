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
  /** The certificate of its tunnels. */
  readonly certificate: Certificate;
  /** Undefined if the sandbox has its own network. */
  readonly sharedPorts: SharedPorts | undefined;
  /** The first lines of stdout. */
  readonly greeting: string;
  readonly disk: SandboxDisk;
  readonly log: Logger;
}

/** One sandbox from creation to end: its container, and everything that makes it reachable for a client. */
export class Sandbox {
  readonly id: string;
  readonly generation: Generation;
  readonly appId: string;
  readonly createdAt: number;
  readonly taskId = newId("ta");
  readonly spec: SandboxSpec;
  /** The command's output. */
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
  /** The message last logged about each shared port. */
  readonly #lastMessages = new Map<number, string>();
  /** Set when the sandbox runs, or ends without having run. */
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
        started: () => this.#begin(),
        release: () => this.#release(),
      },
      log,
    });
    void this.stdout.append(Buffer.from(greeting));
    this.activity = new Activity(secsToMs(spec.idleTimeoutSecs), () => this.container.end(idle));
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

  /** Set as soon as nothing can prevent the end. */
  get result(): SandboxResult | undefined {
    return this.container.result;
  }

  /** The meter of its resource usage. Undefined if usage cannot be measured. */
  get meter(): ResourceMeter | undefined {
    return this.#meter;
  }

  get tunnels(): readonly Tunnel[] {
    return this.#tunnels;
  }

  /** The environment of programs in one of its containers. */
  environmentWith(env: Readonly<Record<string, string>>, imageId: string): Readonly<Record<string, string>> {
    return { ...PLACE, ...env, MODAL_IMAGE_ID: imageId, MODAL_SANDBOX_ID: this.id, MODAL_TASK_ID: this.taskId };
  }

  /** Its own container or a sidecar's. Throws NOT_FOUND for any other id. */
  containerOf(id: string): Container {
    return id === "" ? this.container : this.sidecars.get(id).container;
  }

  /** Connects to a port inside. Rejects if another sandbox listens on that port of a shared network. */
  async connect(port: number): Promise<Duplex> {
    const root = this.container.runningRoot();
    const listener = await this.sharedPorts?.listenerOn(port);
    if (listener !== undefined && listener !== MACHINE && listener !== this.id)
      throw new Error(this.#logSharing(port, listener));
    return root.connect(port);
  }

  /** True if a process in one of its containers has the socket with this inode open. */
  async holdsSocket(inode: string): Promise<boolean> {
    for (const container of [this.container, ...this.sidecars.list(false).map((sidecar) => sidecar.container)])
      if (await container.holdsSocket(inode)) return true;
    return false;
  }

  /** The declared ports that other sandboxes or programs compete for, with their listeners. */
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

  /** Resolves when the sandbox runs, or has run and ended. */
  whenStarted(signal: AbortSignal): Promise<true> {
    return this.#started.wait(signal);
  }

  whenFinished(signal?: AbortSignal): Promise<SandboxResult> {
    return this.container.whenFinished(signal);
  }

  /** Resolves with the time in seconds at which the probe first succeeded. */
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

  /** Ends the sandbox as if its machine had died. */
  lose(): void {
    this.container.end(lost);
  }

  /** Ends the sandbox unless it has ended. Await `whenFinished` for the end. */
  terminate(): void {
    this.container.end(terminated);
  }

  /** Discards the outputs of an ended sandbox. */
  dispose(): void {
    this.container.dispose();
    this.sidecars.dispose();
    this.execs.dispose();
  }

  async #prepare(root: IsolatedRoot): Promise<void> {
    if (root.processes) this.#meter = new ResourceMeter(() => root.processes?.() ?? []);
    for (const [port, listener] of await this.contendedPorts()) this.#logSharing(port, listener);
    this.#tunnels = await Promise.all(this.spec.ports.map((port) => this.#openTunnel(port)));
  }

  /** Logs the listener of a port, unless that was the last message about the port. */
  #logSharing(port: number, listener: Listener | undefined): string {
    const message = describeSharing(port, listener);
    if (this.#lastMessages.get(port) !== message) this.#log.warn(`${this.id}: ${message}`);
    this.#lastMessages.set(port, message);
    return message;
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
    this.#lifetime = setTimeout(() => this.container.end(timedOut), this.spec.timeoutSecs * 1000);
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
    void this.container.whenFinished().then(() => this.#started.set(true));
    await this.sidecars.endAll();
  }
}

// The variables that show a program where it runs. A secret may override them.
const PLACE = { MODAL_CLOUD_PROVIDER: "local", MODAL_REGION: "local" };

const nowSecs = (): number => Date.now() / 1000;

const secsToMs = (secs: number | undefined): number | undefined => (secs === undefined ? undefined : secs * 1000);
