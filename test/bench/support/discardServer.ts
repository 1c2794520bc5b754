import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";

/**
 * A program that answers an exec of the SDK's and throws its input away, with nothing between it and HTTP/2: what no
 * backend can be faster than. It tells its parent its port, and ends with it.
 */
const WINDOW_BYTES = 4 * 1024 * 1024;

const server = createServer({ settings: { initialWindowSize: WINDOW_BYTES } });
server.on("session", (session) => session.setLocalWindowSize(WINDOW_BYTES));
server.on("stream", (stream, headers) => {
  stream.resume();
  stream.once("end", () => answer(stream, headers));
});
server.listen(0, "127.0.0.1", () => process.send?.(port()));
process.once("disconnect", () => process.exit());

function port(): number {
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

function answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const method = headers[":path"]?.split("/").at(-1) ?? "";
  const message = replies[method]?.() ?? Buffer.alloc(0);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.respond({ ":status": 200, "content-type": "application/grpc+proto" }, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(Buffer.concat([prefix, message]));
}

/** By method, where an empty message does not do. */
const replies: Readonly<Record<string, () => Buffer>> = {
  AuthTokenGet: () => text(1, token()),
  SandboxGetTaskIdV2: () => text(1, "ta-1"),
  SandboxGetCommandRouterAccess: () => Buffer.concat([text(1, token()), text(2, `https://127.0.0.1:${port()}`)]),
  // Field 1, a number: exit code 0.
  TaskExecWait: () => Buffer.from([0x08, 0]),
};

/** A field of text, shorter than 128 bytes. */
const text = (field: number, value: string): Buffer =>
  Buffer.concat([Buffer.from([(field << 3) | 2, value.length]), Buffer.from(value)]);

/** Valid for an hour. */
const token = (): string =>
  [{}, { exp: Math.floor(Date.now() / 1000) + 3600 }, {}]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64"))
    .join(".");
