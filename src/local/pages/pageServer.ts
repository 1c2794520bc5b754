import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { messageOf } from "../../base/errors";
import type { Logger } from "../../base/ports";

/** Answers a request. `path` is the part of the path after the handler's own name. */
export type PageHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  path: readonly string[],
) => Promise<void> | void;

export interface PageServer {
  readonly url: string;
  /** `name` is the first part of the paths that the handler serves. */
  serve(name: string, handler: PageHandler): void;
  stop(): void;
}

/** An HTTP server on loopback, next to the gRPC port, for browsers and `fetch`. */
export async function startPageServer(log: Logger): Promise<PageServer> {
  const handlers = new Map<string, PageHandler>();
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      log.error(`${request.method ?? ""} ${request.url ?? ""}: ${messageOf(error)}`);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const [name = "", ...path] = pathname.slice(1).split("/");
    const handler = handlers.get(name);
    // A request that reached this server under another host name was redirected by someone else, so it is refused.
    if (!isLoopback(request.headers.host)) response.writeHead(421).end();
    else if (handler) await handler(request, response, path);
    else response.writeHead(404, { "content-type": "text/plain" }).end("Not found.\n");
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The page server has no port.");

  return {
    url: `http://127.0.0.1:${address.port}`,
    serve: (name, handler) => handlers.set(name, handler),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const isLoopback = (host: string | undefined): boolean =>
  host !== undefined && /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host);
