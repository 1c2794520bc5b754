import { randomBytes } from "node:crypto";
import { messageOf, UserError } from "../base/errors";
import type { Clock, Logger } from "../base/ports";
import type { EndReason } from "../modal/rpc";
import type { CreateStep, SandboxGateway } from "../modal/sandboxes";
import type { SandboxSpec } from "../modal/spec";
import { originOf, originTags } from "./origin";
import { recordOf } from "./refresh";
import { isRunning, sandboxIdOf, type RunningSandbox, type Sandbox } from "./sandbox";
import type { SandboxStore } from "./sandboxStore";

export interface SandboxServiceOptions {
  readonly gateway: SandboxGateway;
  readonly store: SandboxStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long to wait for a machine: below the 21 minutes after which the SDK gives up by itself. */
  readonly createDeadlineMs?: number;
}

export interface EnsureOptions {
  readonly spec: SandboxSpec;
  /** What the sandbox is for: only runs of the same folder share it. */
  readonly folder: string;
  readonly onDidEnterStep?: (step: CreateStep) => void;
}

const CREATE_DEADLINE_MS = 15 * 60_000;

/** How long to wait for the tunnels of a sandbox that has just started. */
const TUNNELS_TIMEOUT_MS = 50_000;

/** Creates, reuses, attaches and terminates sandboxes, and writes what happens to the store. */
export class SandboxService {
  readonly #options: SandboxServiceOptions;

  constructor(options: SandboxServiceOptions) {
    this.#options = options;
  }

  /** A running sandbox of that spec made for that folder. */
  findReusable({ spec, folder }: EnsureOptions): RunningSandbox | undefined {
    const { specId, folderId } = originOf(spec, folder);
    return this.#options.store.all
      .filter(isRunning)
      .find(({ origin }) => origin?.specId === specId && origin.folderId === folderId);
  }

  /** Creates a sandbox; cancelling terminates whatever the server made of it. */
  async create({ spec, folder, onDidEnterStep }: EnsureOptions, signal: AbortSignal): Promise<RunningSandbox> {
    const { gateway, store, clock } = this.#options;
    const name = `vscode-${randomBytes(6).toString("hex")}`;
    const origin = originOf(spec, folder);
    const sandbox: Sandbox = {
      ...spec,
      key: name,
      name,
      createdAt: clock.now(),
      regions: [],
      origin,
      phase: { kind: "creating", step: "image" },
    };
    store.add(sandbox);
    try {
      const id = await gateway.create(
        {
          spec,
          name,
          tags: originTags(origin),
          deadlineMs: this.#options.createDeadlineMs ?? CREATE_DEADLINE_MS,
          onDidEnterStep: (step) => {
            store.transition(name, { kind: "creating", step });
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
      if (spec.ports.length > 0) void this.#loadTunnels(name, id);
      return running;
    } catch (error) {
      store.remove(name);
      throw error;
    }
  }

  /** Takes up a sandbox that runs already, by its id. */
  async attach(id: string, signal: AbortSignal): Promise<RunningSandbox> {
    const { gateway, store } = this.#options;
    const known = store.findById(id);
    if (known && isRunning(known)) return known;
    const listed = await gateway.find(id, signal);
    const attached = listed && recordOf(listed, known);
    if (!attached || !isRunning(attached)) throw notRunning(id);

    store.add(attached);
    if (attached.phase.tunnels.length === 0) void this.#loadTunnels(attached.key, id);
    return attached;
  }

  /** Terminates a sandbox; it leaves the store once the server confirmed. */
  async terminate(key: string, signal: AbortSignal): Promise<void> {
    const { gateway, store } = this.#options;
    const sandbox = store.get(key);
    if (sandbox?.phase.kind === "ended") store.remove(key);
    const id = sandbox && sandboxIdOf(sandbox);
    if (!id || sandbox.phase.kind === "stopping") return;

    const before = sandbox.phase;
    store.transition(key, { kind: "stopping", id });
    try {
      await gateway.terminate(id, signal);
      store.remove(key);
    } catch (error) {
      store.transition(key, before);
      throw error;
    }
  }

  /** Records that a sandbox turned out to be gone. */
  markEnded(key: string, reason: EndReason): void {
    const { store, clock } = this.#options;
    const sandbox = store.get(key);
    if (!sandbox || sandbox.phase.kind === "ended") return;
    store.transition(key, { kind: "ended", reason, endedAt: clock.now() });
  }

  async #loadTunnels(key: string, id: string): Promise<void> {
    const { gateway, store, log } = this.#options;
    try {
      const tunnels = await gateway.tunnels(id, TUNNELS_TIMEOUT_MS, AbortSignal.timeout(TUNNELS_TIMEOUT_MS));
      const sandbox = store.get(key);
      if (sandbox && isRunning(sandbox) && sandboxIdOf(sandbox) === id)
        store.transition(key, { ...sandbox.phase, tunnels });
    } catch (error) {
      log.warn(`Tunnels of ${key}: ${messageOf(error)}`);
    }
  }
}

const notRunning = (id: string) =>
  new UserError(`No sandbox ${id} is running in this environment. Pick a running one, or create another.`, {
    actions: [{ title: "Create Sandbox…", command: "modalSandboxes.createSandbox" }],
  });
