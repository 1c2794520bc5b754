import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Disposable } from "../../base/disposable";
import { admit, COOKIE, pairsOf, type Admitted, type Pass } from "./admission";

export interface ConnectOptions {
  /** A connection to a port inside the sandbox. */
  readonly connect: (port: number) => Promise<Duplex>;
  /** Called for every request. The result is disposed when the request ends. */
  readonly onRequest: () => Disposable;
}

export interface ConnectProxy extends Disposable {
  readonly url: string;
  /** Issues a token for one port. The server on that port receives `userData` with each request. */
  issue(port: number, userData: string): string;
}

/** A server on loopback that passes HTTP and WebSockets into one sandbox for holders of a token. */
export async function openConnectProxy({ connect, onRequest }: ConnectOptions): Promise<ConnectProxy> {
  const passes = new Map<string, Pass>();
  const server = createServer((request, response) => {
    const admitted = admit(request, passes);
    if (!admitted) {
      response.writeHead(401, { ...PLAIN, "www-authenticate": "Bearer" }).end(REFUSAL);
      return;
    }
    const activity = onRequest();
    response.once("close", () => activity.dispose());
    void forward(request, response, admitted, connect);
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const admitted = admit(request, passes);
    if (!admitted) {
      socket.end("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n");
      return;
    }
    const activity = onRequest();
    socket.once("close", () => activity.dispose());
    void upgrade(request, { socket, head }, admitted, connect);
  });

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    issue(port, userData) {
      const token = randomBytes(24).toString("base64url");
      passes.set(token, { token, port, userData });
      return token;
    },
    dispose() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const PLAIN = { "content-type": "text/plain; charset=utf-8" };
const REFUSAL = "This request needs a connect token for the sandbox.\n";

// Headers that concern one connection, not the whole way between client and server.
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding", "proxy-connection"]);

async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { pass, path, headers, needsCookie }: Admitted,
  connect: ConnectOptions["connect"],
): Promise<void> {
  const fail = () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502, PLAIN).end(`No server answers on port ${pass.port} in the sandbox.\n`);
  };
  const inside = await connect(pass.port).catch(() => undefined);
  if (!inside || response.destroyed) {
    inside?.destroy();
    fail();
    return;
  }
  const onward = httpRequest({
    method: request.method ?? "GET",
    path,
    headers: endToEnd(headers),
    createConnection: () => inside,
  });
  onward.on("error", fail);
  onward.once("response", (answer) => {
    const cookie = needsCookie ? ["Set-Cookie", `${COOKIE}=${pass.token}; Path=/; HttpOnly; SameSite=Lax`] : [];
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, [...endToEnd(answer.rawHeaders), ...cookie]);
    answer.on("error", fail);
    answer.pipe(response);
  });
  response.once("close", () => onward.destroy());
  request.pipe(onward);
}

async function upgrade(
  request: IncomingMessage,
  { socket, head }: { readonly socket: Duplex; readonly head: Buffer },
  { pass, path, headers }: Admitted,
  connect: ConnectOptions["connect"],
): Promise<void> {
  const inside = await connect(pass.port).catch(() => undefined);
  if (!inside || socket.destroyed) {
    inside?.destroy();
    socket.end("HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n");
    return;
  }
  inside.on("error", () => socket.destroy());
  inside.once("close", () => socket.destroy());
  socket.once("close", () => inside.destroy());
  const lines = [...pairsOf(headers)].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  inside.write(
    Buffer.concat([Buffer.from(`${request.method ?? "GET"} ${path} HTTP/1.1\r\n${lines}\r\n`, "latin1"), head]),
  );
  socket.pipe(inside);
  inside.pipe(socket);
}

const endToEnd = (headers: readonly string[]): string[] =>
  [...pairsOf(headers)].filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase())).flat();
