import { randomBytes } from "node:crypto";
import { abortable } from "../base/async";
import { isAbort, messageOf, UserError } from "../base/errors";
import type { Clock, Logger } from "../base/ports";
import type { EndReason } from "../modal/rpc";
import type { CreateStep, SandboxGateway } from "../modal/sandboxes";
import type { SandboxSpec } from "../modal/spec";
import type { SandboxOwnership } from "./ownership/sandboxOwnership";
import type { Guard } from "./costs/guard";
import { compareGpu, otherGpuWarning } from "./metrics/givenGpu";
import { originOf, originTags } from "./ownership/origin";
import { recordOf } from "./ownership/record";
import { isRunning, sandboxIdOf, type CreatingSandbox, type RunningSandbox, type Sandbox } from "./sandbox";
import type { SandboxStore } from "./sandboxStore";

export interface SandboxServiceOptions {
  readonly gateway: SandboxGateway;
  readonly store: SandboxStore;
  readonly ownership: SandboxOwnership;
  readonly guard: Guard;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long to wait for a machine. Less than the 21 minutes after which the SDK itself gives up. */
  readonly createDeadlineMs?: () => number;
  /** True if Modal should keep the files of a sandbox that ends. */
  readonly keepsExitSnapshots?: () => boolean;
}

export interface EnsureOptions {
  readonly spec: SandboxSpec;
  /** The folder of the sandbox. Only runs of the same folder share a sandbox. */
  readonly folder: string;
  /** The snapshot to start from, instead of the spec's image. */
  readonly imageId?: string;
  readonly onDidEnterStep?: (step: CreateStep) => void;
}

const CREATE_DEADLINE_MS = 15 * 60_000;

/** How long to wait for the tunnels of a new sandbox. */
const TUNNELS_TIMEOUT_MS = 50_000;

const GPU_CHECK_MS = 60_000;

/** Creates, reuses, attaches and terminates sandboxes, and records changes in the store. */
export class SandboxService {
  readonly #options: SandboxServiceOptions;
  readonly #creations = new Map<string, Promise<RunningSandbox>>();
  /** Ids of the sandboxes that this window has terminated. */
  readonly #terminated = new Set<string>();

  constructor(options: SandboxServiceOptions) {
    this.#options = options;
  }

  /**
   * Returns a sandbox with this spec and folder: a running one, or the one being created, once it runs. Returns
   * `undefined` if a new one must be created. The promise resolves to `undefined` if that creation was canceled, or
   * another window was faster.
   */
  findReusable(options: EnsureOptions, signal: AbortSignal): Promise<RunningSandbox | undefined> | undefined {
    const { specId, folderId } = originOf(options.spec, options.folder);
    const made = this.#options.store.all.filter(
      ({ origin }) => origin?.specId === specId && origin.folderId === folderId,
    );
    const creating = made.find(({ key }) => this.#creations.has(key));
    const running = made.filter(isRunning).find(({ holder }) => holder === "thisWindow" || holder === "nobody");
    return running ? this.adopt(running.key) : creating && this.#join(creating, options, signal);
  }

  /** Creates a sandbox. On cancellation, anything that the server has created is terminated. */
  async create(options: EnsureOptions, signal: AbortSignal): Promise<RunningSandbox> {
    const name = `vscode-${randomBytes(6).toString("hex")}`;
    const creation = this.#create(name, options, signal);
    this.#creations.set(name, creation);
    try {
      return await creation;
    } finally {
      this.#creations.delete(name);
    }
  }

  async #join(
    creating: Sandbox,
    { onDidEnterStep }: EnsureOptions,
    signal: AbortSignal,
  ): Promise<RunningSandbox | undefined> {
    const tell = ({ key, phase }: Sandbox) => {
      if (key === creating.key && phase.kind === "creating" && phase.step !== "limits") onDidEnterStep?.(phase.step);
    };
    tell(creating);
    const subscription = this.#options.store.onDidChangeSandboxes(({ changed }) => changed.forEach(tell));
    try {
      return await abortable(this.#creations.get(creating.key) ?? Promise.resolve(undefined), signal);
    } catch (error) {
      if (isAbort(error) && !signal.aborted) return undefined;
      throw error;
    } finally {
      subscription.dispose();
    }
  }

  async #create(
    name: string,
    { spec, folder, imageId, onDidEnterStep }: EnsureOptions,
    signal: AbortSignal,
  ): Promise<RunningSandbox> {
    const { gateway, store, ownership, clock } = this.#options;
    const origin = originOf(spec, folder);
    const keepsExitSnapshot = this.#options.keepsExitSnapshots?.() ?? false;
    const sandbox: CreatingSandbox = {
      ...spec,
      image: spec.image.label,
      key: name,
      name,
      createdAt: clock.now(),
      placement: [],
      origin,
      holder: "thisWindow",
      phase: { kind: "creating", step: "limits", since: clock.now() },
    };
    store.add(sandbox);
    try {
      const record = () => ownership.begin(name, { spec, folder }, keepsExitSnapshot);
      await this.#options.guard.admit(sandbox, record, signal);
      store.transition(name, { kind: "creating", step: "image", since: clock.now() });
      await ownership.keepEnv(name, spec.env);
      const id = await gateway.create(
        {
          spec,
          folder,
          name,
          keepsExitSnapshot,
          ...(imageId !== undefined && { imageId }),
          tags: { ...originTags(origin), ...(await ownership.tags()) },
          onDidVanish: () => ownership.forget(name),
          deadlineMs: this.#options.createDeadlineMs?.() ?? CREATE_DEADLINE_MS,
          onDidEnterStep: (step) => {
            if (step !== "image") store.transition(name, { kind: "creating", step, since: clock.now() });
            onDidEnterStep?.(step);
          },
        },
        signal,
      );
      const running: RunningSandbox = {
        ...sandbox,
        phase: { kind: "running", id, startedAt: clock.now(), tunnels: [] },
      };
      store.transition(name, running.phase);
      void this.#note(ownership.settle(name, id));
      void this.#checkGpu(running);
      if (spec.ports.length > 0) void this.#loadTunnels(name, id);
      return running;
    } catch (error) {
      const last = store.get(name)?.phase;
      const isUnasked = last?.kind === "creating" && (last.step === "limits" || last.step === "image");
      store.remove(name);
      void this.#note(isUnasked ? ownership.forget(name) : ownership.markForTermination(name));
      throw error;
    }
  }

  /** Adopts a running sandbox that no window holds. Returns `undefined` if it is gone or another window was faster. */
  async adopt(key: string): Promise<RunningSandbox | undefined> {
    const { store, ownership } = this.#options;
    const sandbox = store.get(key);
    if (!sandbox || !isRunning(sandbox)) return undefined;
    if (sandbox.holder === "thisWindow") return sandbox;
    const isTaken = await ownership.claim({ id: sandbox.phase.id, name: sandbox.name });
    const current = store.get(key);
    if (!current || !isRunning(current)) return undefined;
    const adopted: RunningSandbox = { ...current, holder: isTaken ? "thisWindow" : "otherWindow" };
    store.add(adopted);
    return isTaken ? adopted : undefined;
  }

  /** Attaches to a running sandbox by its id or name. */
  async attach(idOrName: string, signal: AbortSignal): Promise<RunningSandbox> {
    const { gateway, store } = this.#options;
    const here = store.findById(idOrName) ?? store.all.find(({ name }) => name === idOrName);
    if (here && isRunning(here)) return (here.holder === "nobody" ? await this.adopt(here.key) : undefined) ?? here;
    const listed = await gateway.find(idOrName, signal);
    const id = listed?.id ?? idOrName;
    const known = store.findById(id);
    const attached = listed && recordOf(listed, known, await this.#options.ownership.survey());
    if (!attached || !isRunning(attached)) throw notRunning(id);

    store.add(attached);
    if (attached.phase.tunnels.length === 0) void this.#loadTunnels(attached.key, id);
    return (attached.holder === "nobody" ? await this.adopt(attached.key) : undefined) ?? attached;
  }

  /** Terminates a sandbox. It leaves the store when the server has confirmed. */
  async terminate(key: string, signal: AbortSignal): Promise<void> {
    const { gateway, store, ownership } = this.#options;
    const sandbox = store.get(key);
    if (sandbox?.phase.kind === "ended") store.remove(key);
    const id = sandbox && sandboxIdOf(sandbox);
    if (!id || sandbox.phase.kind === "stopping") return;

    const before = sandbox.phase;
    store.transition(key, { kind: "stopping", id });
    this.#terminated.add(id);
    // The mark is for the next window, in case this one doesn't finish. A full disk must not keep a machine running.
    void this.#note(ownership.markForTermination(sandbox.name));
    try {
      await gateway.terminate(id, signal);
    } catch (error) {
      store.transition(key, before);
      this.#terminated.delete(id);
      void this.#note(ownership.unmark(sandbox.name));
      throw error;
    }
    store.remove(key);
    await this.#note(ownership.forget(sandbox.name));
  }

  /** True if this window has terminated the sandbox, or is about to. */
  wasTerminated(id: string): boolean {
    return this.#terminated.has(id);
  }

  /** Records that a sandbox has ended. */
  markEnded(key: string, reason: EndReason): void {
    const { store, clock } = this.#options;
    const sandbox = store.get(key);
    if (!sandbox || sandbox.phase.kind === "ended") return;
    store.transition(key, { kind: "ended", reason, endedAt: clock.now() });
  }

  /** The user pays for the requested GPU, so a different one is logged. */
  async #checkGpu({ key, gpu, phase: { id } }: RunningSandbox): Promise<void> {
    const { gateway, store, log } = this.#options;
    if (!gpu) return;
    try {
      const givenGpu = compareGpu(gpu, await gateway.gpuNames(id, AbortSignal.timeout(GPU_CHECK_MS)));
      if (givenGpu.isOther) log.warn(`Sandbox ${key}: ${otherGpuWarning(gpu, givenGpu)}`);
      const sandbox = store.get(key);
      if (sandbox) store.add({ ...sandbox, givenGpu });
    } catch (error) {
      log.warn(`Reading the GPU of ${key} failed: ${messageOf(error)}`);
    }
  }

  /** Never rejects: if an entry is missing or out of date, the sandbox is found by its tags. */
  async #note(writing: Promise<void>): Promise<void> {
    try {
      await writing;
    } catch (error) {
      this.#options.log.warn(`Updating the journal of sandboxes failed: ${messageOf(error)}`);
    }
  }

  async #loadTunnels(key: string, id: string): Promise<void> {
    const { gateway, store, log } = this.#options;
    try {
      const tunnels = await gateway.tunnels(id, TUNNELS_TIMEOUT_MS, AbortSignal.timeout(TUNNELS_TIMEOUT_MS));
      const sandbox = store.get(key);
      if (sandbox && isRunning(sandbox) && sandboxIdOf(sandbox) === id)
        store.transition(key, { ...sandbox.phase, tunnels });
    } catch (error) {
      log.warn(`Finding the tunnels of ${key} failed: ${messageOf(error)}`);
    }
  }
}

const notRunning = (id: string) =>
  new UserError(`No sandbox ${id} is running in this environment. Pick a running one or create a new one.`, {
    actions: [{ title: "Create Sandbox…", command: "modalSandboxes.createSandbox" }],
  });
