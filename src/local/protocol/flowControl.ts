import http2 from "node:http2";

// How much a client may send, on one stream or on all of a connection, before it hears that it was read. HTTP/2's own
// 64 kB would halve the speed of an upload: each write waits several times for the server's next turn.
const WINDOW_BYTES = 4 * 1024 * 1024;

// A stranger's longest message is the question whether a sign-in was approved.
const STRANGER_BYTES = 64 * 1024;

export interface FlowControl {
  /** True if the headers of a call carry credentials. */
  readonly isTrusted: (headers: http2.IncomingHttpHeaders) => boolean;
}

/**
 * Gives the HTTP/2 servers that `listen` makes a window for fast uploads, and ends calls of strangers that send more than
 * they have to say. grpc-js has no option for either: its limit on messages is one for all calls.
 */
export async function withFlowControl<T>({ isTrusted }: FlowControl, listen: () => Promise<T>): Promise<T> {
  const createServer = http2.createServer;
  http2.createServer = (...args: unknown[]) => {
    const options = args.find((argument): argument is http2.ServerOptions => typeof argument === "object") ?? {};
    const settings = { ...options.settings, initialWindowSize: WINDOW_BYTES };
    const server = createServer({ ...options, settings });
    server.on("session", (session) => {
      session.setLocalWindowSize(WINDOW_BYTES);
    });
    server.on("stream", (stream, headers) => {
      if (!isTrusted(headers)) limit(stream);
    });
    return server;
  };
  try {
    return await listen();
  } finally {
    http2.createServer = createServer;
  }
}

/** Counts what arrives rather than what is read: a whole window of data would wait in memory for a reader. */
function limit(stream: http2.ServerHttp2Stream): void {
  const push = stream.push.bind(stream);
  let arrivedBytes = 0;
  stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (Buffer.isBuffer(chunk)) arrivedBytes += chunk.length;
    if (arrivedBytes <= STRANGER_BYTES || chunk === null) return push(chunk, encoding);
    stream.close(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
    return false;
  };
}
