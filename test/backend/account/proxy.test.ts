import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:tls";
import { connect, type AddressInfo } from "node:net";
import { after, before, describe, it } from "mocha";
import { UserError } from "../../../src/base/errors";
import { verifyCredentials } from "../../../src/modal/connection";
import { makeCertificate } from "../../../src/local/tls/certificate";
import { ProxyEnvironment } from "../../../src/modal/proxy";
import { silentLog } from "../../unit/support/fakes";
import { useLocalBackend } from "../support/fixture";

/** A name that no resolver knows, so that only the proxy can lead there. */
const HOST = "modal.invalid";

describe("a window behind a proxy", function () {
  this.timeout(30_000);
  const local = useLocalBackend();
  const environment = new ProxyEnvironment(process.env);
  const asked: string[] = [];
  let proxy: Server;
  const url = () => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  before(async () => {
    proxy = createServer().listen(0, "127.0.0.1");
    proxy.on("connect", ({ url: target = "" }, socket) => {
      asked.push(target);
      const upstream = connect(Number(target.split(":").at(-1)), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on("error", () => socket.destroy());
      socket.on("error", () => upstream.destroy());
    });
    await once(proxy, "listening");
  });
  after(() => {
    environment.dispose();
    proxy.closeAllConnections();
    proxy.close();
  });

  const verify = (serverUrl: string) =>
    verifyCredentials({ ...local.backend, serverUrl }, silentLog, AbortSignal.timeout(20_000));

  it("reaches the server through the proxy from VS Code's settings", async () => {
    environment.apply({ url: url(), exceptions: [] });
    const { port } = new URL(local.backend.serverUrl);
    assert.equal(await verify(`http://${HOST}:${port}`), "local");
    assert.deepEqual(new Set(asked), new Set([`${HOST}:${port}`]));
  });

  it("reaches the local backend directly", async () => {
    asked.length = 0;
    assert.equal(await verify(local.backend.serverUrl), "local");
    assert.deepEqual(asked, []);
  });

  it("says that Modal cannot be reached if the proxy does not answer", async () => {
    environment.apply({ url: "http://127.0.0.1:1", exceptions: [] });
    await assert.rejects(
      verify(`http://${HOST}:443`),
      (error) => error instanceof UserError && error.message.includes("cannot be reached"),
    );
  });
});

describe("a server with an untrusted certificate", function () {
  this.timeout(30_000);

  it("gets no request, and the message says what to do", async () => {
    const server = createTlsServer({ ...makeCertificate(), ALPNProtocols: ["h2"] }).listen(0, "127.0.0.1");
    server.on("tlsClientError", () => undefined);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const target = { tokenId: "ak-1", tokenSecret: "as-1", serverUrl: `https://127.0.0.1:${port}` };
    await assert.rejects(
      verifyCredentials(target, silentLog, AbortSignal.timeout(20_000)),
      (error) => error instanceof UserError && error.message.startsWith("The certificate of Modal is not trusted. "),
    );
    server.close();
  });
});
