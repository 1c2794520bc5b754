import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { connect as connectHttp2, constants } from "node:http2";
import { get } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { once } from "node:events";
import { connect as connectTls } from "node:tls";
import { describe, it } from "mocha";
import { ClientError, Status } from "nice-grpc";
import { Probe } from "modal";
import { generations, useLocalBackend } from "../../support/fixture";

// Reports the request, echoes posted data, and answers an upgrade with its own protocol.
const HTTP_SERVER = `
const http = require("node:http");
const server = http.createServer((request, response) => {
  if (request.method === "POST") return void request.pipe(response);
  response.writeHead(200, { "x-answer": "yes" });
  response.end(JSON.stringify({ url: request.url, headers: request.headers }));
});
server.on("upgrade", (request, socket) => {
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: echo\\r\\nConnection: Upgrade\\r\\n\\r\\n" + request.url + "|" + request.headers["x-verified-user-data"] + "|");
  socket.pipe(socket);
});
server.listen(Number(process.argv[1]), "127.0.0.1");
`;

const HTTP2_SERVER = `
require("node:http2").createServer((request, response) => response.end("over " + request.httpVersion))
  .listen(Number(process.argv[1]), "127.0.0.1");
`;

interface Seen {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

for (const { generation, gpu } of generations)
  describe(`a connect token of a sandbox of generation ${generation}`, function () {
    this.timeout(60_000);
    const local = useLocalBackend();
    let nextPort = generation === "V1" ? 24_300 : 24_400;

    const serve = async (params = {}) => {
      const port = nextPort++;
      const sandbox = await local.create({
        ...gpu,
        command: [process.execPath, "-e", HTTP_SERVER, String(port)],
        readinessProbe: Probe.withTcp(port, { intervalMs: 20 }),
        ...params,
      });
      await sandbox.waitUntilReady(20_000);
      return { sandbox, port };
    };

    it("admits a request by header, by address and by cookie, and refuses one without a token", async () => {
      const { sandbox, port } = await serve();
      const { url, token } = await sandbox.createConnectToken({ port, userMetadata: '{"user":"me"}' });
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
      const ask = async (path: string, headers: Record<string, string>) => {
        const answer = await fetch(url + path, { headers });
        assert.equal(answer.status, 200);
        assert.equal(answer.headers.get("x-answer"), "yes");
        return { answer, seen: (await answer.json()) as Seen };
      };

      const byHeader = await ask("/a?b=c", { authorization: `Bearer ${token}`, "x-verified-user-data": "forged" });
      assert.equal(byHeader.seen.url, "/a?b=c");
      assert.equal(byHeader.seen.headers["x-verified-user-data"], '{"user":"me"}');
      assert.equal(byHeader.seen.headers.authorization, undefined);
      assert.equal(byHeader.answer.headers.get("set-cookie"), null);

      const byAddress = await ask(`/a?b=c&_modal_connect_token=${token}`, {});
      assert.equal(byAddress.seen.url, "/a?b=c");
      const [cookie = ""] = (byAddress.answer.headers.get("set-cookie") ?? "").split(";");
      const byCookie = await ask("/next", { cookie: `mine=1; ${cookie}` });
      assert.equal(byCookie.seen.headers.cookie, "mine=1");

      for (const headers of [{}, { authorization: "Bearer wrong" }, { cookie: "_modal_connect_token=wrong" }])
        assert.equal((await fetch(url, { headers })).status, 401);
    });

    it("passes bodies in both directions, and reports if nothing listens", async () => {
      const { sandbox, port } = await serve();
      const { url, token } = await sandbox.createConnectToken({ port });
      const headers = { authorization: `Bearer ${token}` };
      const body = Buffer.alloc(3 * 1024 * 1024, "x");
      const echoed = await fetch(url, { method: "POST", body, headers });
      assert.equal(Buffer.compare(Buffer.from(await echoed.arrayBuffer()), body), 0);
      const seen = (await (await fetch(url, { headers })).json()) as Seen;
      assert.equal(seen.headers["x-verified-user-data"], undefined);

      const nowhere = await sandbox.createConnectToken({ port: nextPort++ });
      assert.equal((await fetch(nowhere.url, { headers: { authorization: `Bearer ${nowhere.token}` } })).status, 502);
    });

    it("admits WebSockets and other upgrades", async () => {
      const { sandbox, port } = await serve();
      const { url, token } = await sandbox.createConnectToken({ port, userMetadata: "me" });
      const upgrade = (query: string) => {
        const socket = connect(Number(new URL(url).port), "127.0.0.1");
        socket.write(`GET /ws${query} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`);
        return socket;
      };
      const socket = upgrade(`?_modal_connect_token=${token}`);
      let received = "";
      socket.on("data", (data: Buffer) => (received += data.toString()));
      while (!received.endsWith("/ws|me|")) await once(socket, "data");
      socket.write("ping");
      while (!received.endsWith("/ws|me|ping")) await once(socket, "data");
      assert.match(received, /^HTTP\/1\.1 101 /);
      socket.destroy();
      assert.match(await text(upgrade("")), /^HTTP\/1\.1 401 /);
    });

    it("is worthless after the sandbox has ended, and at another sandbox", async () => {
      const [one, other] = await Promise.all([serve(), serve()]);
      const { url, token } = await one.sandbox.createConnectToken({ port: one.port });
      const elsewhere = await other.sandbox.createConnectToken({ port: other.port });
      const headers = { authorization: `Bearer ${token}` };
      assert.equal((await fetch(elsewhere.url, { headers })).status, 401);
      await one.sandbox.terminate({ wait: true });
      await assert.rejects(fetch(url, { headers }));
      const again = one.sandbox.createConnectToken();
      await assert.rejects(again, (error) => error instanceof ClientError && error.code === Status.NOT_FOUND);
    });
  });

describe("TLS at a tunnel", function () {
  this.timeout(60_000);
  const local = useLocalBackend();

  const serve = async (script: string, port: number, ports: object) => {
    const sandbox = await local.create({
      command: [process.execPath, "-e", script, String(port)],
      readinessProbe: Probe.withTcp(port, { intervalMs: 20 }),
      ...ports,
    });
    await sandbox.waitUntilReady(20_000);
    const tunnel = (await sandbox.tunnels())[port];
    assert.ok(tunnel);
    return { sandbox, tunnel, ca: await readFile(join(local.backend.stateDir, "tunnels.pem")) };
  };

  it("is available at the https address from the SDK, with a certificate that can be trusted", async () => {
    const { tunnel, ca } = await serve(HTTP_SERVER, 24_501, { encryptedPorts: [24_501] });
    const answer = await new Promise<string>((resolve, reject) => {
      get(tunnel.url, { ca }, (response) => {
        text(response).then(resolve, reject);
      }).on("error", reject);
    });
    assert.equal((JSON.parse(answer) as Seen).url, "/");
    await assert.rejects(fetch(tunnel.url), "an unknown certificate is not trusted by itself");
    const plain = await fetch(`http://${tunnel.tcpSocket.join(":")}/plain`);
    assert.equal(((await plain.json()) as Seen).url, "/plain");
  });

  it("offers HTTP/2 on request", async () => {
    const { tunnel, ca } = await serve(HTTP2_SERVER, 24_502, { h2Ports: [24_502] });
    const session = connectHttp2(tunnel.url, { ca });
    const stream = session.request({ [constants.HTTP2_HEADER_PATH]: "/" });
    assert.equal(await text(stream), "over 2.0");
    session.close();
  });

  it("closes a connection if nothing listens, and one that does not speak TLS", async () => {
    const { sandbox, tunnel, ca } = await serve(HTTP_SERVER, 24_503, { encryptedPorts: [24_503, 24_504] });
    const [host, port] = tunnel.tlsSocket;
    const plain = connect(port, host);
    plain.on("error", () => undefined);
    plain.write("GET / HTTP/1.1\r\n\r\n");
    await once(plain, "close");

    const [silentHost, silentPort] = (await sandbox.tunnels())[24_504]?.tlsSocket ?? ["", 0];
    const socket = connectTls({ port: silentPort, host: silentHost, ca });
    await once(socket, "secureConnect");
    assert.equal(socket.authorized, true);
    socket.resume();
    await once(socket, "close");
  });
});
