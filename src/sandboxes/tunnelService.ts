import type { SandboxGateway } from "../modal/sandboxes";
import type { Tunnel } from "../modal/tunnels";
import { isRunning, type RunningSandbox } from "./sandbox";
import type { SandboxStore } from "./sandboxStore";

const TIMEOUT_MS = 15_000;

/** Finds the addresses of a sandbox's ports and stores them for all views. */
export class TunnelService {
  readonly #gateway: SandboxGateway;
  readonly #store: SandboxStore;

  constructor(gateway: SandboxGateway, store: SandboxStore) {
    this.#gateway = gateway;
    this.#store = store;
  }

  async load(sandbox: RunningSandbox, signal: AbortSignal): Promise<readonly Tunnel[]> {
    const tunnels = await this.#gateway.tunnels(sandbox.phase.id, TIMEOUT_MS, signal);
    const current = this.#store.get(sandbox.key);
    if (current && isRunning(current)) this.#store.transition(sandbox.key, { ...current.phase, tunnels });
    return tunnels;
  }
}
