import { listeningSocket } from "../isolation/tcpSockets";

/** The id of the sandbox that listens on a port, or `MACHINE`. */
export type Listener = string;

/** A program outside all sandboxes. */
export const MACHINE: Listener = "machine";

/** A sandbox in this machine's network. */
export interface PortSharer {
  readonly id: string;
  readonly spec: { readonly ports: readonly { readonly port: number }[] };
  holdsSocket(inode: string): Promise<boolean>;
}

/** The ports of this machine's network, which sandboxes without one of their own share. */
export class SharedPorts {
  readonly #sharers: () => readonly PortSharer[];
  /** The inode of the socket last seen to listen on a port, and the sandbox that holds it. */
  readonly #holders = new Map<number, { readonly inode: string; readonly id: string }>();

  /** `sharers` are those that have not ended. */
  constructor(sharers: () => readonly PortSharer[]) {
    this.#sharers = sharers;
  }

  /** Undefined if nothing listens, or if this machine does not show who does. */
  async listenerOn(port: number): Promise<Listener | undefined> {
    const inode = listeningSocket(port);
    if (inode === undefined) return undefined;
    const known = this.#holders.get(port);
    if (known?.inode === inode) return known.id;

    for (const sharer of this.#sharers()) {
      if (!(await sharer.holdsSocket(inode))) continue;
      this.#holders.set(port, { inode, id: sharer.id });
      return sharer.id;
    }
    return MACHINE;
  }

  /** True if another sandbox declares the port too. */
  isContended(port: number, declaredBy: PortSharer): boolean {
    return this.#sharers().some(
      ({ id, spec }) => id !== declaredBy.id && spec.ports.some((open) => open.port === port),
    );
  }
}

/** A sentence for the log. */
export function describeSharing(port: number, listener: Listener | undefined): string {
  const shared = `Port ${port} is shared on this machine`;
  if (listener === undefined) return `${shared}.`;
  const who = listener === MACHINE ? "a program outside all sandboxes" : `sandbox ${listener}`;
  return `${shared}; ${who} listens on it.`;
}
