import type { Logger } from "../../base/ports";
import { alreadyExists, notFound } from "../protocol/errors";
import type { Certificate } from "../tls/certificate";
import { newSandboxId, type Generation } from "../base/ids";
import { Sandbox, type SandboxOptions } from "./sandbox";
import { SharedPorts } from "./sharedPorts";

// Ended sandboxes that can still be queried. The oldest are dropped.
const ENDED_KEPT = 200;
// The smallest step that a double can represent near today's time in seconds.
const TIMESTAMP_STEP_SECS = 2e-6;

export interface NewSandbox extends Omit<
  SandboxOptions,
  "id" | "createdAt" | "outputFolder" | "certificate" | "sharedPorts" | "log"
> {
  /** True if it uses this machine's network. */
  readonly sharesNetwork: boolean;
}

export interface SandboxFilter {
  /** Only sandboxes of these apps. */
  readonly appIds: ReadonlySet<string>;
  /** Only sandboxes created before this time, in seconds since the epoch. */
  readonly before: number | undefined;
  readonly includeFinished: boolean;
  /** Only sandboxes with all of these tags. */
  readonly tags: ReadonlyMap<string, string>;
}

/** All sandboxes of this server, newest last. */
export class SandboxStore {
  readonly #outputFolder: string;
  readonly #certificate: Certificate;
  readonly #log: Logger;
  readonly #sandboxes = new Map<string, Sandbox>();
  readonly #sharedPorts = new SharedPorts(() =>
    [...this.#sandboxes.values()].filter((sandbox) => isAlive(sandbox) && sandbox.sharedPorts !== undefined),
  );
  readonly #idsByTask = new Map<string, string>();
  #lastCreatedAt = 0;

  constructor(outputFolder: string, certificate: Certificate, log: Logger) {
    this.#outputFolder = outputFolder;
    this.#certificate = certificate;
    this.#log = log;
  }

  create({ sharesNetwork, ...options }: NewSandbox): Sandbox {
    const { name } = options.spec;
    if (name) this.requireFreeName(options.appId, name);

    this.#forgetOldest();
    this.#lastCreatedAt = Math.max(Date.now() / 1000, this.#lastCreatedAt + TIMESTAMP_STEP_SECS);
    const id = newSandboxId(options.generation);
    const sandbox = new Sandbox({
      ...options,
      id,
      createdAt: this.#lastCreatedAt,
      outputFolder: this.#outputFolder,
      certificate: this.#certificate,
      sharedPorts: sharesNetwork ? this.#sharedPorts : undefined,
      log: this.#log,
    });
    this.#sandboxes.set(id, sandbox);
    this.#idsByTask.set(sandbox.taskId, id);
    return sandbox;
  }

  get(id: string): Sandbox {
    const sandbox = this.#sandboxes.get(id);
    if (!sandbox) throw notFound(`Sandbox ${id} was not found.`);
    return sandbox;
  }

  /** Finds a sandbox by its own id or by its task's. */
  lookUp(id: string): Sandbox | undefined {
    return this.#sandboxes.get(this.#idsByTask.get(id) ?? id);
  }

  byTask(taskId: string): Sandbox {
    const id = this.#idsByTask.get(taskId);
    if (id === undefined) throw notFound(`Task ${taskId} was not found.`);
    return this.get(id);
  }

  /** The running sandbox with this name. If there is none and `includeEnded` is set, the newest ended one. */
  find(appId: string, name: string, options: { generation?: Generation; includeEnded: boolean }): Sandbox | undefined {
    const named = [...this.#sandboxes.values()].filter(
      (sandbox) =>
        sandbox.appId === appId &&
        sandbox.name === name &&
        (options.generation === undefined || sandbox.generation === options.generation),
    );
    return named.findLast(isAlive) ?? (options.includeEnded ? named.at(-1) : undefined);
  }

  /** Throws ALREADY_EXISTS if a sandbox of the app runs under this name. */
  requireFreeName(appId: string, name: string): void {
    const holder = this.find(appId, name, { includeEnded: false });
    if (holder) throw alreadyExists(`A sandbox named "${name}" already exists in this app: ${holder.id}.`);
  }

  /** Newest first. */
  list(filter: SandboxFilter, limit: number): readonly Sandbox[] {
    return [...this.#sandboxes.values()]
      .filter((sandbox) => matches(sandbox, filter))
      .reverse()
      .slice(0, limit);
  }

  async terminateAll(): Promise<void> {
    await Promise.all(
      [...this.#sandboxes.values()].map((sandbox) => {
        sandbox.terminate();
        return sandbox.whenFinished();
      }),
    );
  }

  #forgetOldest(): void {
    const ended = [...this.#sandboxes.values()].filter((sandbox) => sandbox.finishedAt !== undefined);
    for (const sandbox of ended.slice(0, Math.max(0, ended.length - ENDED_KEPT))) {
      this.#sandboxes.delete(sandbox.id);
      this.#idsByTask.delete(sandbox.taskId);
      sandbox.dispose();
    }
  }
}

const isAlive = (sandbox: Sandbox): boolean => sandbox.result === undefined;

const matches = (sandbox: Sandbox, filter: SandboxFilter): boolean =>
  filter.appIds.has(sandbox.appId) &&
  (filter.includeFinished || isAlive(sandbox)) &&
  (filter.before === undefined || sandbox.createdAt < filter.before) &&
  [...filter.tags].every(([key, value]) => sandbox.tags.get(key) === value);
