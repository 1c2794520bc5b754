import { listeningSocket } from "../isolation/network/tcpSockets";

/** The id of the sandbox that listens on a port, or `MACHINE`. */
export type Listener = string;

/** A program outside all sandboxes. */
export const MACHINE: Listener = "machine";

/** A sandbox that shares this machine's network. */
export interface PortSharer {
  readonly id: string;
  readonly spec: { readonly ports: readonly { readonly port: number }[] };
  holdsSocket(inode: string): Promise<boolean>;
}

interface LookUp {
  readonly inode: string;
  readonly holder: Promise<Listener>;
  readonly at: number;
}

/** A lookup reads the open files of every process of every sandbox, and a list asks for each port of each sandbox. */
const KEPT_MS = 1000;

/** The ports of this machine's network, shared by the sandboxes that lack their own network. */
export class SharedPorts {
  readonly #sharers: () => readonly PortSharer[];
  readonly #clock: { now(): number };
  /** The socket last seen listening on each port, with its owner. */
  readonly #lookUps = new Map<number, LookUp>();

  /** `sharers` returns the sandboxes that have not ended. */
  constructor(sharers: () => readonly PortSharer[], clock: { now(): number } = performance) {
    this.#sharers = sharers;
    this.#clock = clock;
  }

  /** Undefined if nothing listens, or if this machine does not reveal the listener. */
  async listenerOn(port: number): Promise<Listener | undefined> {
    const inode = listeningSocket(port);
    if (inode === undefined) return undefined;
    const known = this.#lookUps.get(port);
    if (known?.inode === inode && this.#clock.now() - known.at < KEPT_MS) return known.holder;

    const holder = this.#holderOf(inode);
    this.#lookUps.set(port, { inode, holder, at: this.#clock.now() });
    return holder;
  }

  async #holderOf(inode: string): Promise<Listener> {
    for (const sharer of this.#sharers()) if (await sharer.holdsSocket(inode)) return sharer.id;
    return MACHINE;
  }

  /** True if another sandbox also declares the port. */
  isContended(port: number, declaredBy: PortSharer): boolean {
    return this.#sharers().some(
      ({ id, spec }) => id !== declaredBy.id && spec.ports.some((open) => open.port === port),
    );
  }
}

/** A message for the log. */
export function describeSharing(port: number, listener: Listener | undefined): string {
  const shared = `Port ${port} is shared on this machine`;
  if (listener === undefined) return `${shared}.`;
  const who = listener === MACHINE ? "a program outside all sandboxes" : `sandbox ${listener}`;
  return `${shared}; ${who} listens on it.`;
}
