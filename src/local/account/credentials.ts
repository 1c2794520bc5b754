import { createHmac, randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http2";
import type { ServerMiddleware } from "nice-grpc";
import { base62 } from "../base/ids";
import { unauthenticated } from "../protocol/errors";
import { same } from "../base/same";

const AUTH_TOKEN_LIFETIME_SECS = 3600;
// A router token outlives the longest sandbox, so that no client needs a second one.
const ROUTER_TOKEN_LIFETIME_SECS = 25 * 3600;

/**
 * The credentials of this server, fresh on every start: one token pair for the control plane, and signed tokens for the
 * router.
 */
export class Credentials {
  readonly tokenId = `ak-${base62(22)}`;
  readonly tokenSecret = `as-${base62(22)}`;
  readonly #signingKey = randomBytes(32);
  readonly #lifetimeSecs: (usual: number) => number;

  constructor(lifetimeSecs: (usual: number) => number = (usual) => usual) {
    this.#lifetimeSecs = lifetimeSecs;
  }

  authToken(): string {
    return this.#sign({ sub: this.tokenId, exp: this.#expiry(AUTH_TOKEN_LIFETIME_SECS) });
  }

  routerToken(taskId: string): string {
    return this.#sign({ task_id: taskId, exp: this.#expiry(ROUTER_TOKEN_LIFETIME_SECS) });
  }

  /** A stand-in for a sandbox's identity token. It has the right form, but no cloud trusts its signature. */
  identity(appId: string): { readonly MODAL_IDENTITY_TOKEN: string } {
    const MODAL_IDENTITY_TOKEN = this.#sign({
      iss: "local",
      aud: "local",
      sub: `modal:app_id:${appId}`,
      exp: this.#expiry(ROUTER_TOKEN_LIFETIME_SECS),
    });
    return { MODAL_IDENTITY_TOKEN };
  }

  /** Admits control plane calls that carry the token pair, and calls of `openMethods` without it. */
  guardControlPlane(openMethods: ReadonlySet<string>): ServerMiddleware {
    const accepts = (header: ReadHeader) => this.#acceptsPair(header);
    return async function* guardControlPlane(call, context) {
      const method = call.method.path.slice(call.method.path.lastIndexOf("/") + 1);
      if (!openMethods.has(method) && !accepts((name) => context.metadata.get(name)))
        throw unauthenticated(
          "This token does not belong to this local backend. Use the pair that it printed when it started.",
        );
      return yield* call.next(call.request, context);
    };
  }

  guardRouter(): ServerMiddleware {
    const accepts = (header: ReadHeader) => this.#acceptsRouterToken(header);
    return async function* guardRouter(call, context) {
      if (!accepts((name) => context.metadata.get(name)))
        throw unauthenticated("The task command router needs a token from this local backend.");
      return yield* call.next(call.request, context);
    };
  }

  /** True for a call that either guard would admit. */
  accepts(headers: IncomingHttpHeaders): boolean {
    const header = (name: string) => [headers[name]].flat()[0];
    return this.#acceptsPair(header) || this.#acceptsRouterToken(header);
  }

  #acceptsPair(header: ReadHeader): boolean {
    return same(header("x-modal-token-id"), this.tokenId) && same(header("x-modal-token-secret"), this.tokenSecret);
  }

  #acceptsRouterToken(header: ReadHeader): boolean {
    const token = header("authorization")?.replace(/^Bearer /, "") ?? "";
    const end = token.lastIndexOf(".");
    return end > 0 && same(token.slice(end + 1), this.#signatureOf(token.slice(0, end))) && opensRouter(token);
  }

  #sign(payload: Readonly<Record<string, string | number>>): string {
    // Plain base64, not base64url: the SDK decodes the payload with `atob`.
    const body = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(payload)}`;
    return `${body}.${this.#signatureOf(body)}`;
  }

  #expiry(usualSecs: number): number {
    return Math.floor(Date.now() / 1000 + this.#lifetimeSecs(usualSecs));
  }

  #signatureOf(body: string): string {
    return createHmac("sha256", this.#signingKey).update(body).digest("base64");
  }
}

type ReadHeader = (name: "authorization" | "x-modal-token-id" | "x-modal-token-secret") => string | undefined;

/**
 * A sandbox's identity token is signed with the same key and is visible to its programs, so the purpose is checked too.
 */
function opensRouter(signedToken: string): boolean {
  const payload = Buffer.from(signedToken.split(".")[1] ?? "", "base64").toString();
  const { exp, task_id: taskId } = JSON.parse(payload) as { exp: number; task_id?: string };
  return taskId !== undefined && Date.now() / 1000 <= exp;
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64");
