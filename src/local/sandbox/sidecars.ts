import { alreadyExists, notFound } from "../protocol/errors";
import type { Container } from "./container";
import { terminated } from "./sandboxResult";

export interface Sidecar {
  readonly name: string;
  readonly container: Container;
}

/** Containers next to a sandbox's own, each with its own files. They end with the sandbox at the latest. */
export class Sidecars {
  readonly #sidecars = new Map<string, Sidecar>();

  get(id: string): Sidecar {
    const sidecar = this.#sidecars.get(id);
    if (!sidecar) throw notFound(`Sidecar container ${id} was not found.`);
    return sidecar;
  }

  /** The running container with this name. If there is none and `includeEnded` is set, the newest ended one. */
  find(name: string, includeEnded: boolean): Sidecar | undefined {
    return this.list(includeEnded)
      .filter((sidecar) => sidecar.name === name)
      .sort((one, other) => Number(isAlive(one)) - Number(isAlive(other)))
      .at(-1);
  }

  list(includeEnded: boolean): readonly Sidecar[] {
    return [...this.#sidecars.values()].filter((sidecar) => includeEnded || isAlive(sidecar));
  }

  /** Throws ALREADY_EXISTS if a container runs under this name. */
  requireFreeName(name: string): void {
    if (this.find(name, false)) throw alreadyExists(`A sidecar container named "${name}" already exists.`);
  }

  add(sidecar: Sidecar): void {
    this.requireFreeName(sidecar.name);
    this.#sidecars.set(sidecar.container.id, sidecar);
  }

  async endAll(): Promise<void> {
    const containers = this.list(true).map(({ container }) => container);
    for (const container of containers) container.end(terminated);
    await Promise.all(containers.map((container) => container.whenFinished()));
  }

  dispose(): void {
    for (const { container } of this.#sidecars.values()) container.dispose();
  }
}

const isAlive = ({ container }: Sidecar): boolean => container.result === undefined;
