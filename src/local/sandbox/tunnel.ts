import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import { toDisposable, type Disposable } from "../../base/disposable";
import type { Certificate } from "../tls/certificate";

export interface TunnelOptions {
  readonly containerPort: number;
  /** True if TLS offers HTTP/2. The server inside then receives it in plain text. */
  readonly isHttp2: boolean;
  readonly certificate: Certificate;
  /** A connection to the port inside the sandbox. */
  readonly connect: () => Promise<Duplex>;
  /** Called for every connection. The result is disposed when the connection ends. */
  readonly onConnection: () => Disposable;
}

export interface Tunnel extends Disposable {
  readonly containerPort: number;
  readonly host: string;
  /** Plain connections to this port are passed on unchanged. */
  readonly port: number;
  /** TLS ends at this port, and the connection continues in plain text inside. */
  readonly tlsPort: number;
}

/** Opens two ports of this machine that lead into a sandbox, one with TLS and one without. */
export async function openTunnel(options: TunnelOptions): Promise<Tunnel> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    const connection = options.onConnection();
    socket.once("close", () => {
      sockets.delete(socket);
      connection.dispose();
    });
  };
  const lead = (socket: Socket) => void forward(socket, options.connect);

  const socketOptions = { allowHalfOpen: true, noDelay: true };
  const plain = createServer(socketOptions, lead).on("connection", track);
  const { key, cert } = options.certificate;
  const protocols = options.isHttp2 ? { ALPNProtocols: ["h2", "http/1.1"] } : {};
  const secure = createTlsServer({ ...socketOptions, key, cert, ...protocols }, lead).on("connection", track);
  const { address, port } = await listen(plain);
  const { port: tlsPort } = await listen(secure);

  const close = toDisposable(() => {
    plain.close();
    secure.close();
    for (const socket of sockets) socket.destroy();
  });
  return { ...close, containerPort: options.containerPort, host: address, port, tlsPort };
}

async function listen(server: Server): Promise<AddressInfo> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("A tunnel has no port.");
  return address;
}

async function forward(socket: Socket, connect: () => Promise<Duplex>): Promise<void> {
  const drop = () => socket.destroy();
  socket.on("error", drop);
  let inside: Duplex;
  try {
    inside = await connect();
  } catch {
    // Nothing listens inside, so the caller's connection is reset, just as if it had reached a closed port.
    if (socket instanceof TLSSocket) socket.destroy();
    else socket.resetAndDestroy();
    return;
  }
  inside.on("error", drop);
  inside.once("close", () => socket.destroySoon());
  socket.once("close", () => inside.destroy());
  socket.pipe(inside);
  inside.pipe(socket);
}
