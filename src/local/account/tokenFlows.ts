import { randomBytes, randomInt } from "node:crypto";
import { notFound } from "../protocol/errors";
import { newId } from "../base/ids";
import { Latch } from "../base/latch";

export interface TokenFlow {
  readonly id: string;
  /** Known only to the client that started the flow. */
  readonly waitSecret: string;
  /** Shown on the page, and by the client if it wants, so that the user can see that both belong to the same flow. */
  readonly code: string;
  /** Known only to the page, so that no other page can approve. */
  readonly nonce: string;
  readonly approved: Latch<true>;
}

const LIFETIME_MS = 10 * 60 * 1000;
// Anyone on this machine may start a flow, so the oldest are dropped.
const MAX_FLOWS = 100;
const CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ";

/** Pending sign-ins. Each ends when a person approves it or its time is up. */
export class TokenFlows {
  readonly #flows = new Map<string, TokenFlow>();

  create(): TokenFlow {
    const flow: TokenFlow = {
      id: newId("tf"),
      waitSecret: randomBytes(24).toString("base64url"),
      code: Array.from({ length: 6 }, () => CODE_LETTERS.charAt(randomInt(CODE_LETTERS.length))).join(""),
      nonce: randomBytes(24).toString("base64url"),
      approved: new Latch<true>(),
    };
    this.#flows.set(flow.id, flow);
    for (const id of [...this.#flows.keys()].slice(0, -MAX_FLOWS)) this.#flows.delete(id);
    setTimeout(() => this.#flows.delete(flow.id), LIFETIME_MS).unref();
    return flow;
  }

  find(id: string): TokenFlow | undefined {
    return this.#flows.get(id);
  }

  get(id: string, waitSecret: string): TokenFlow {
    const flow = this.find(id);
    if (flow?.waitSecret !== waitSecret) throw notFound("This sign-in does not exist or has expired.");
    return flow;
  }
}
