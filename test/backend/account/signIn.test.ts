import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, it } from "mocha";
import { Deferred } from "../../../src/base/async";
import { isAbort, UserError } from "../../../src/base/errors";
import { signInByBrowser } from "../../../src/modal/browserSignIn";
import { verifyCredentials } from "../../../src/modal/connection";
import { silentLog } from "../../unit/support/fakes";
import { useLocalBackend } from "../support/fixture";

describe("signing in through the browser", function () {
  this.timeout(30_000);
  const local = useLocalBackend();
  const soon = () => AbortSignal.timeout(20_000);
  const ignore = () => Promise.resolve();

  it("returns a working token once the user approves it", async () => {
    const { serverUrl } = local.backend;
    const codes: string[] = [];
    const open = async (url: string, code: string) => {
      codes.push(code);
      const page = await (await fetch(url)).text();
      assert.ok(page.includes(code));
      const nonce = /name="nonce" value="([^"]+)"/.exec(page)?.[1] ?? "";
      await fetch(url, { method: "POST", body: new URLSearchParams({ nonce }) });
    };
    const { workspace, ...token } = await signInByBrowser({ serverUrl, open }, soon());
    assert.equal(workspace, "local");
    assert.equal(codes.length, 1);
    assert.equal(await verifyCredentials({ ...token, serverUrl }, silentLog, soon()), "local");
  });

  it("ends immediately when it is canceled", async () => {
    const abort = new AbortController();
    const open = () => {
      abort.abort();
      return Promise.resolve();
    };
    const { serverUrl } = local.backend;
    await assert.rejects(signInByBrowser({ serverUrl, open }, abort.signal), isAbort);
  });

  it("gives up with an error when nobody approves it", async () => {
    const { serverUrl } = local.backend;
    await assert.rejects(
      signInByBrowser({ serverUrl, open: ignore, deadlineMs: 500 }, soon()),
      (error) => error instanceof UserError && error.message.includes("not approved in the browser in time"),
    );
  });

  it("sends no credentials while there are none", async () => {
    const asked = new Deferred<IncomingHttpHeaders>();
    const server = createServer().listen(0, "127.0.0.1");
    server.on("stream", (_stream, headers) => asked.resolve(headers));
    await once(server, "listening");
    const abort = new AbortController();
    const { port } = server.address() as AddressInfo;
    const signingIn = signInByBrowser({ serverUrl: `http://127.0.0.1:${port}`, open: ignore }, abort.signal);
    const headers = await asked.promise;
    abort.abort();
    await assert.rejects(signingIn, isAbort);
    server.close();
    assert.equal(headers[":path"], "/modal.client.ModalClient/TokenFlowCreate");
    assert.deepEqual(
      Object.keys(headers).filter((name) => /token|authorization/.test(name)),
      [],
    );
  });
});
