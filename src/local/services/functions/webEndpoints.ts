import type { IncomingMessage, ServerResponse } from "node:http";
import { FunctionCall } from "../../functions/functionCall";
import type { BoundFunction, FunctionStore } from "../../functions/functionStore";
import type { PageHandler } from "../../pages/pageServer";

/**
 * Calls a function that is a web endpoint. Query parameters are passed by name, and the body as the first remaining
 * parameter.
 */
export const webEndpointPages =
  (functions: FunctionStore): PageHandler =>
  async (request, response, [id = ""]) => {
    const bound = functions.find(id);
    const web = bound && webKindOf(bound);
    if (!bound || !web) {
      reply(response, 404, { detail: "Not Found" });
      return;
    }
    if (web === "app") {
      reply(response, 501, { detail: "The local backend serves functions as endpoints, but not whole web servers." });
      return;
    }

    const body = await readBody(request);
    if (!body) {
      reply(response, 413, { detail: "Content Too Large" });
      return;
    }
    const call = new FunctionCall({ functionId: id, appId: bound.appId, request: webRequest(request, body) });
    response.once("close", () => {
      if (!response.writableEnded) call.cancel();
    });
    functions.run(call);
    const result = await call.whenFinished();
    if (result.kind === "success") response.writeHead(200, JSON_TYPE).end(result.data);
    else reply(response, 500, { detail: result.kind === "failure" ? result.exception : result.kind });
  };

/** "endpoint" or "app" for a function that is called from the web, and null for one that clients call. */
export const webKindOf = ({ deployed }: BoundFunction): "endpoint" | "app" | null =>
  deployed.kind === "function" ? deployed.function.web : null;

const MAX_BODY_BYTES = 64 * 1024 * 1024;

const JSON_TYPE = { "content-type": "application/json" };

function reply(response: ServerResponse, status: number, content: object): void {
  response.writeHead(status, JSON_TYPE).end(JSON.stringify(content));
}

function webRequest({ url }: IncomingMessage, input: Buffer) {
  const { searchParams } = new URL(url ?? "/", "http://localhost");
  return { kind: "web", method: undefined, query: Object.fromEntries(searchParams), input } as const;
}

/** Returns undefined for a body above the limit, without reading the rest of it. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
