import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { FunctionCall } from "../functions/functionCall";
import type { BoundFunction, FunctionStore } from "../functions/functionStore";
import type { PageHandler } from "../pages/pageServer";

/** Calls a function that is an endpoint of the web: what is in the query goes by name, a body to the first that is left. */
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
      reply(response, 501, { detail: "The local backend serves endpoints that are functions, not whole web servers." });
      return;
    }

    const call = new FunctionCall({ functionId: id, appId: bound.appId, request: await readRequest(request) });
    response.once("close", () => {
      if (!response.writableEnded) call.cancel();
    });
    functions.run(call);
    const result = await call.whenFinished();
    if (result.kind === "success") response.writeHead(200, JSON_TYPE).end(result.data);
    else reply(response, 500, { detail: result.kind === "failure" ? result.exception : result.kind });
  };

/** Whether a function is called from the web instead of by a client, and how. */
export const webKindOf = ({ deployed }: BoundFunction): "endpoint" | "app" | null =>
  deployed.kind === "function" ? deployed.function.web : null;

const JSON_TYPE = { "content-type": "application/json" };

function reply(response: ServerResponse, status: number, content: object): void {
  response.writeHead(status, JSON_TYPE).end(JSON.stringify(content));
}

async function readRequest(request: IncomingMessage) {
  const { searchParams } = new URL(request.url ?? "/", "http://localhost");
  const input = await buffer(request);
  return { kind: "web", method: undefined, query: Object.fromEntries(searchParams), input } as const;
}
