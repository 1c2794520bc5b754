import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { toDisposable, type Disposable } from "../../base/disposable";

export interface TunnelOptions {
  readonly containerPort: number;
  /** A connection to the port inside the sandbox. */
  readonly connect: () => Promise<Duplex>;
  /** Called for every connection; the result is disposed when it ends. */
  readonly onConnection: () => Disposable;
}

export interface Tunnel extends Disposable {
  readonly containerPort: number;
  readonly host: string;
  readonly port: number;
}

/** A port of this machine that leads into a sandbox. */
export async function openTunnel(options: TunnelOptions): Promise<Tunnel> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    const connection = options.onConnection();
    socket.once("close", () => {
      sockets.delete(socket);
      connection.dispose();
    });
    void forward(socket, options.connect);
  });
  const { address, port } = await listen(server);

  const close = toDisposable(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { ...close, containerPort: options.containerPort, host: address, port };
}

async function listen(server: Server): Promise<AddressInfo> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("A tunnel has no port.");
  return address;
}

async function forward(socket: Socket, connect: () => Promise<Duplex>): Promise<void> {
  const drop = () => {
    socket.destroy();
  };
  socket.on("error", drop);
  let inside: Duplex;
  try {
    inside = await connect();
  } catch {
    // Nothing listens inside: the caller sees a connection that is reset, as from a port where nothing listens.
    socket.resetAndDestroy();
    return;
  }
  inside.on("error", drop);
  inside.once("close", () => {
    socket.destroySoon();
  });
  socket.once("close", () => inside.destroy());
  socket.pipe(inside);
  inside.pipe(socket);
}
