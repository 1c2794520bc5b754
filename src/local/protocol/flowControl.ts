import http2 from "node:http2";

// The bytes that a client may send, on one stream or on a whole connection, before it learns that they were read.
// HTTP/2's default of 64 kB would halve the speed of an upload, because each write waits several times for the server's
// next turn.
const WINDOW_BYTES = 4 * 1024 * 1024;

// Without credentials, the longest message is the one that asks whether a sign-in was approved.
const STRANGER_BYTES = 64 * 1024;

export interface FlowControl {
  /** True if the headers of a call carry credentials. */
  readonly isTrusted: (headers: http2.IncomingHttpHeaders) => boolean;
}

/**
 * Gives the HTTP/2 servers that `listen` creates a window for fast uploads, and ends calls without credentials that
 * send more than a sign-in needs. grpc-js has no option for either: its message limit applies to all calls.
 */
export async function withFlowControl<T>({ isTrusted }: FlowControl, listen: () => Promise<T>): Promise<T> {
  const createServer = http2.createServer;
  http2.createServer = (...args: unknown[]) => {
    const options = args.find((argument): argument is http2.ServerOptions => typeof argument === "object") ?? {};
    const settings = { ...options.settings, initialWindowSize: WINDOW_BYTES };
    const server = createServer({ ...options, settings });
    server.on("session", (session) => session.setLocalWindowSize(WINDOW_BYTES));
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

/** Counts bytes as they arrive. Counting them as they are read would keep a whole window of data in memory. */
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
