import { randomBytes, randomInt } from "node:crypto";
import { notFound } from "../protocol/errors";
import { newId } from "../base/ids";
import { Latch } from "../base/latch";

export interface TokenFlow {
  readonly id: string;
  /** What only the client that began the flow knows. */
  readonly waitSecret: string;
  /** What the page shows and the client may show too, to tell that both mean the same flow. */
  readonly code: string;
  /** What only the page knows, so that no other page can approve. */
  readonly nonce: string;
  readonly approved: Latch<true>;
}

const LIFETIME_MS = 10 * 60 * 1000;
// Anyone on this machine may begin one; the oldest go first.
const MAX_FLOWS = 100;
const CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ";

/** Sign-ins under way, each until a person approves it or its time is over. */
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
    if (flow?.waitSecret !== waitSecret) throw notFound("There is no such sign-in, or its time is over.");
    return flow;
  }
}
