import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { connect, constants, type ClientHttp2Session, type OutgoingHttpHeaders } from "node:http2";
import { describe, it } from "mocha";
import { skip } from "../../support/skip";
import { useLocalBackend } from "../support/fixture";

const KIB = 1024;
const MIB = 1024 * KIB;

/** The frame of one message of this many bytes. */
function frame(bytes: number): Buffer {
  const message = Buffer.alloc(5 + bytes, "a");
  message.writeUInt8(0, 0);
  message.writeUInt32BE(bytes, 1);
  return message;
}

describe("a client without credentials", function () {
  this.timeout(60_000);
  const local = useLocalBackend();

  const withSession = async <T>(work: (session: ClientHttp2Session) => Promise<T>): Promise<T> => {
    const session = connect(local.backend.serverUrl);
    try {
      return await work(session);
    } finally {
      session.destroy();
    }
  };

  /** How a call of one message ends: its gRPC status, or how the stream was reset. */
  const outcome = async (
    session: ClientHttp2Session,
    method: string,
    body: Buffer,
    headers: OutgoingHttpHeaders = {},
  ) => {
    const stream = session.request({
      ":method": "POST",
      ":path": `/modal.${method}`,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    let status: string | undefined;
    for (const event of ["response", "trailers"] as const)
      stream.on(
        event,
        (received: Record<string, unknown>) => (status ??= received["grpc-status"] as string | undefined),
      );
    stream.on("error", () => undefined);
    stream.resume().end(body);
    await new Promise((resolve) => stream.once("close", resolve));
    return status === undefined ? { reset: stream.rstCode } : { status: Number(status) };
  };

  const REFUSED = { reset: constants.NGHTTP2_ENHANCE_YOUR_CALM };
  const UNAUTHENTICATED = { status: 16 };
  const memoryBytes = async () =>
    KIB * Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${local.backend.pid}/status`, "utf8"))?.[1]);

  it("may send 64 KiB to calls that need no credentials, and no more anywhere", () =>
    withSession(async (session) => {
      const open = "client.ModalClient/TokenFlowWait";
      const id = Buffer.concat([Buffer.from([0x12, 0x80, 0x80, 0x02]), Buffer.alloc(32 * KIB, "a")]);
      const asked = Buffer.concat([frame(0).subarray(0, 1), Buffer.from([0, 0, id.length >> 8, id.length & 255]), id]);
      assert.deepEqual(await outcome(session, open, asked), { status: 5 });
      assert.deepEqual(await outcome(session, open, frame(MIB)), REFUSED);
      const closed = ["client.ModalClient/AppList", "task_command_router.TaskCommandRouter/TaskExecStart"];
      const wrong = [
        {},
        { "x-modal-token-id": local.backend.tokenId, "x-modal-token-secret": "as-wrong" },
        { authorization: "Bearer a.b.c" },
      ];
      for (const method of closed)
        for (const headers of wrong) {
          assert.deepEqual(await outcome(session, method, frame(0), headers), UNAUTHENTICATED);
          assert.deepEqual(await outcome(session, method, frame(MIB), headers), REFUSED);
        }
    }));

  it("cannot fill the server's memory with one message or with many", async function () {
    if (process.platform !== "linux") skip(this, "needs Linux");
    await withSession((session) => outcome(session, "client.ModalClient/ClientHello", frame(0)));
    const before = await memoryBytes();
    await withSession(async (session) => {
      const methods = ["ClientHello", "TokenFlowCreate", "TokenFlowWait", "AppList"];
      const bodies = [frame(8 * MIB), Buffer.concat([frame(0), Buffer.alloc(8 * MIB)])];
      const calls = [...methods, ...methods].flatMap((method) =>
        bodies.map((body) => outcome(session, `client.ModalClient/${method}`, body)),
      );
      for (const ended of await Promise.all(calls))
        assert.ok("reset" in ended ? ended.reset === REFUSED.reset : ended.status !== 0, JSON.stringify(ended));
    });
    const grown = (await memoryBytes()) - before;
    assert.ok(grown < 40 * MIB, `the server's memory grew by ${Math.round(grown / MIB)} MiB of the 128 that were sent`);
  });

  it("cannot send a body to a web page", async () => {
    const { webUrl } = await local.modal.cpClient.tokenFlowCreate({});
    const body = new URLSearchParams({ nonce: "a".repeat(8 * KIB) });
    assert.equal((await fetch(webUrl, { method: "POST", body })).status, 413);
  });
});
