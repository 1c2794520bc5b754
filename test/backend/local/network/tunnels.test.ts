import assert from "node:assert/strict";
import { connect } from "node:net";
import { once } from "node:events";
import { describe, it } from "mocha";
import { Probe, type Sandbox } from "modal";
import { generations, useLocalBackend } from "../../support/fixture";

// Answers with its argument in front of the data that it receives, on the port from its arguments.
const SERVER = `
const [port, greeting] = process.argv.slice(1);
require("node:net").createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("error", () => {});
  socket.write(greeting);
  socket.pipe(socket);
}).listen(Number(port), "127.0.0.1");
`;

for (const { generation, gpu } of generations)
  describe(`a tunnel of a sandbox of generation ${generation}`, function () {
    this.timeout(60_000);
    const local = useLocalBackend();
    let nextPort = generation === "V1" ? 24_100 : 24_200;

    const serve = async (greeting: string, params = {}) => {
      const port = nextPort++;
      const sandbox = await local.create({
        ...gpu,
        command: [process.execPath, "-e", SERVER, String(port), greeting],
        unencryptedPorts: [port],
        readinessProbe: Probe.withTcp(port, { intervalMs: 20 }),
        ...params,
      });
      return { sandbox, port };
    };

    it("leads to a server inside, in both directions, even after one side has sent its last byte", async () => {
      const { sandbox, port } = await serve("hello ");
      await sandbox.waitUntilReady(20_000);
      const socket = await open(sandbox, port);
      socket.end("world");
      const answer: Buffer[] = [];
      for await (const data of socket) answer.push(data as Buffer);
      assert.equal(Buffer.concat(answer).toString(), "hello world");
    });

    it("leads to its own sandbox when there are two", async () => {
      const servers = await Promise.all([serve("one"), serve("two")]);
      const greetings = servers.map(async ({ sandbox, port }) => {
        await sandbox.waitUntilReady(20_000);
        const socket = await open(sandbox, port);
        const [data] = (await once(socket, "data")) as [Buffer];
        socket.destroy();
        return data.toString();
      });
      assert.deepEqual(await Promise.all(greetings), ["one", "two"]);
    });

    it("exists for every kind of port, and for a handle created later", async () => {
      const ports = [nextPort++, nextPort++, nextPort++] as const;
      const { sandboxId } = await local.create({
        ...gpu,
        encryptedPorts: [ports[0]],
        h2Ports: [ports[1]],
        unencryptedPorts: [ports[2]],
      });
      const again = await local.modal.sandboxes.fromId(sandboxId);
      const tunnels = await again.tunnels();
      assert.deepEqual(Object.keys(tunnels).map(Number), [...ports]);
      assert.equal(new Set(Object.values(tunnels).map(({ tcpSocket }) => tcpSocket[1])).size, 3);
    });

    it("resets a connection to a port where nothing listens", async () => {
      const port = nextPort++;
      const sandbox = await local.create({ ...gpu, unencryptedPorts: [port] });
      await assert.rejects(
        open(sandbox, port).then((socket) => once(socket, "end")),
        { code: "ECONNRESET" },
      );
    });

    it("keeps an idle sandbox alive while a connection is open, but no longer", async () => {
      const { sandbox, port } = await serve("hi", { idleTimeoutMs: 1000 });
      await sandbox.waitUntilReady(20_000);
      const socket = await open(sandbox, port);
      const busy = await sandbox.exec(["sleep", "0.1"]);
      await busy.wait();
      assert.equal(await Promise.race([sandbox.wait(), after(1500)]), "still alive");
      socket.destroy();
      assert.equal(await sandbox.wait(), 137);
      await assert.rejects(open(sandbox, port), { code: "ECONNREFUSED" });
    });

    it("is not ready before its server is, and reports if there is no probe", async () => {
      const port = nextPort++;
      const sandbox = await local.create({ ...gpu, readinessProbe: Probe.withTcp(port, { intervalMs: 20 }) });
      await assert.rejects(sandbox.waitUntilReady(300), { name: "TimeoutError" });
      const server = await sandbox.exec([process.execPath, "-e", SERVER, String(port), ""]);
      await sandbox.waitUntilReady(20_000);
      await sandbox.terminate();
      assert.equal(await server.wait(), 137);
      await assert.rejects((await local.create(gpu)).waitUntilReady(1000), /no readiness probe/);
    });

    it("is never ready after the command has ended", async () => {
      const sandbox = await local.create({ ...gpu, command: ["true"], readinessProbe: Probe.withTcp(nextPort++) });
      assert.equal(await sandbox.wait(), 0);
      await assert.rejects(sandbox.waitUntilReady(1000), /has ended/);
    });

    it("is ready when the probe's command succeeds", async () => {
      const readinessProbe = Probe.withExec(["test", "-e", "/tmp/ready"], { intervalMs: 20 });
      const sandbox = await local.create({ ...gpu, readinessProbe });
      const ready = sandbox.waitUntilReady(20_000);
      await (await sandbox.exec(["touch", "/tmp/ready"])).wait();
      await ready;
    });
  });

async function open(sandbox: Sandbox, port: number) {
  const tunnel = (await sandbox.tunnels())[port];
  assert.ok(tunnel);
  const [host, publicPort] = tunnel.tcpSocket;
  const socket = connect(publicPort, host);
  await once(socket, "connect");
  return socket;
}

const after = (ms: number) => new Promise<string>((resolve) => setTimeout(resolve, ms, "still alive"));
