import http2 from "node:http2";

// How much a client may send, on one stream or on all of a connection, before it hears that it was read. HTTP/2's own
// 64 kB would halve the speed of an upload: each write waits several times for the server's next turn.
const WINDOW_BYTES = 4 * 1024 * 1024;

/** Gives the HTTP/2 servers that `listen` makes a window for fast uploads, for which grpc-js has no option. */
export async function withWideWindow<T>(listen: () => Promise<T>): Promise<T> {
  const createServer = http2.createServer;
  http2.createServer = (...args: unknown[]) => {
    const options = args.find((argument): argument is http2.ServerOptions => typeof argument === "object") ?? {};
    const settings = { ...options.settings, initialWindowSize: WINDOW_BYTES };
    const server = createServer({ ...options, settings });
    server.on("session", (session) => {
      session.setLocalWindowSize(WINDOW_BYTES);
    });
    return server;
  };
  try {
    return await listen();
  } finally {
    http2.createServer = createServer;
  }
}
