import { notFound } from "../protocol/errors";
import type { EnvironmentScoped } from "../account/environments";
import { newId } from "../base/ids";
import { Queue } from "./queue";

// A client renews a queue without a name every five minutes.
const HEARTBEAT_TIMEOUT_MS = 15 * 60 * 1000;

interface Entry {
  readonly queue: Queue;
  readonly environment: string;
  /** Undefined if the queue lives only as long as its client. */
  readonly name: string | undefined;
  expiry: ReturnType<typeof setTimeout> | undefined;
}

/** This server's queues, which do not outlive it. */
export class QueueStore implements EnvironmentScoped {
  readonly #entries = new Map<string, Entry>();

  get(id: string): Queue {
    return this.#entry(id).queue;
  }

  find(environment: string, name: string): Queue | undefined {
    return this.#inEnvironment(environment).find((entry) => entry.name === name)?.queue;
  }

  create(environment: string, name: string): Queue {
    return this.#add(environment, name).queue;
  }

  createEphemeral(environment: string): Queue {
    const { queue } = this.#add(environment, undefined);
    this.heartbeat(queue.id);
    return queue;
  }

  heartbeat(id: string): void {
    const entry = this.#entry(id);
    if (entry.name !== undefined) return;
    clearTimeout(entry.expiry);
    entry.expiry = setTimeout(() => this.delete(id), HEARTBEAT_TIMEOUT_MS).unref();
  }

  delete(id: string): void {
    const { queue, expiry } = this.#entry(id);
    clearTimeout(expiry);
    this.#entries.delete(id);
    queue.delete();
  }

  deleteEnvironment(name: string): void {
    for (const { queue } of this.#inEnvironment(name)) this.delete(queue.id);
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (!entry) throw notFound(`Queue ${id} was not found.`);
    return entry;
  }

  #inEnvironment(environment: string): Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.environment === environment);
  }

  #add(environment: string, name: string | undefined): Entry {
    const entry: Entry = { queue: new Queue(newId("qu")), environment, name, expiry: undefined };
    this.#entries.set(entry.queue.id, entry);
    return entry;
  }
}
