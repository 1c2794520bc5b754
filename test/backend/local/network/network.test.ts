import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { text } from "node:stream/consumers";
import { after, before, beforeEach, describe, it } from "mocha";
import { Probe, type Sandbox, type SandboxCreateParams } from "modal";
import { ClientError, Status } from "nice-grpc";
import { skip } from "../../../support/skip";
import { needOwnNetwork } from "../../support/abilities";
import { generations, useLocalBackend, type Fixture } from "../../support/fixture";
import { eventually } from "../../support/processes";

const SERVER = `require("node:net").createServer((socket) => socket.end(process.argv[1])).listen(8000, "127.0.0.1")`;
const MB = 1_000_000;

/** An address of this machine other than loopback. */
const machineAddress = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === "IPv4" && !address.internal)?.address;

const NO_ADDRESS = "needs an IPv4 address besides loopback";

/** The data that a program inside reads from a port of this machine, or the code of its error. */
async function answerAt(local: Fixture, { host, port }: { host: string; port: number }, params: SandboxCreateParams) {
  const script = `require("node:net").connect(${port}, "${host}")
    .on("error", ({ code }) => console.log(code)).pipe(process.stdout)`;
  const sandbox = await local.create(params);
  return (await (await sandbox.exec([process.execPath, "-e", script])).stdout.readText()).trim();
}

async function serve(local: Fixture, answer: string, params: SandboxCreateParams) {
  const sandbox = await local.create({
    ...params,
    command: [process.execPath, "-e", SERVER, answer],
    unencryptedPorts: [8000],
    readinessProbe: Probe.withTcp(8000, { intervalMs: 20 }),
  });
  await sandbox.waitUntilReady(20_000);
  const [host, port] = (await sandbox.tunnels())[8000]?.tcpSocket ?? [];
  return text(connect(port ?? 0, host));
}

for (const { generation, gpu } of generations)
  describe(`the network of a sandbox of generation ${generation}`, function () {
    this.timeout(60_000);
    const local = useLocalBackend();
    let server: Server;
    let port: number;

    before(async () => {
      server = createServer((socket) => socket.end("hello"));
      server.listen(0);
      await once(server, "listening");
      ({ port } = server.address() as AddressInfo);
    });
    after(() => server.close());

    it("is separate: servers on this machine's loopback are unreachable", async function () {
      needOwnNetwork(this, local);
      assert.equal(await answerAt(local, { host: "127.0.0.1", port }, gpu), "ECONNREFUSED");
    });

    it("leads to every other address, and to none if it is blocked", async function () {
      needOwnNetwork(this, local);
      if (machineAddress === undefined) skip(this, NO_ADDRESS);
      const target = { host: machineAddress, port };
      assert.equal(await answerAt(local, target, gpu), "hello");
      for (const closed of [{ blockNetwork: true }, { outboundCidrAllowlist: [], outboundDomainAllowlist: [] }])
        assert.equal(await answerAt(local, target, { ...gpu, ...closed }), "ENETUNREACH");
    });

    it("leads only to the addresses on an allowlist", async function () {
      needOwnNetwork(this, local);
      if (machineAddress === undefined) skip(this, NO_ADDRESS);
      const target = { host: machineAddress, port };
      const within = { ...gpu, outboundCidrAllowlist: [`${machineAddress}/32`] };
      assert.equal(await answerAt(local, target, within), "hello");
      const outside = { ...gpu, outboundCidrAllowlist: ["203.0.113.0/24"] };
      assert.equal(await answerAt(local, target, outside), "ECONNREFUSED");
    });

    it("follows a changed allowlist, and drops open connections to addresses that are no longer on it", async function () {
      needOwnNetwork(this, local);
      if (machineAddress === undefined) skip(this, NO_ADDRESS);
      const sandbox = await local.create(gpu);
      const script = `const socket = require("node:net").connect(${port}, "${machineAddress}");
        socket.on("error", ({ code }) => console.log(code)).on("data", (data) => console.log(data.toString()));`;
      const connect = () => sandbox.exec([process.execPath, "-e", script]);
      server.removeAllListeners("connection").on("connection", (socket) => socket.on("error", () => 0).write("hello"));
      const open = await connect();
      const reader = open.stdout.getReader();
      assert.equal((await reader.read()).value, "hello\n");

      await sandbox.updateNetworkPolicy({ outboundCidrAllowlist: ["203.0.113.0/24"], outboundDomainAllowlist: [] });
      assert.equal((await reader.read()).value, "ECONNRESET\n");
      assert.equal(await (await connect()).stdout.readText(), "ECONNREFUSED\n");

      const back = { outboundCidrAllowlist: [`${machineAddress}/32`], outboundDomainAllowlist: [] };
      await sandbox.updateNetworkPolicy(back);
      const again = (await connect()).stdout.getReader();
      assert.equal((await again.read()).value, "hello\n");
      server.removeAllListeners("connection").on("connection", (socket) => socket.end("hello"));

      const closed = await local.create({ ...gpu, blockNetwork: true });
      await assert.rejects(closed.updateNetworkPolicy(back), /created without network access/);
    });

    it("lets two sandboxes serve on the same port, each behind its own tunnel", async function () {
      needOwnNetwork(this, local);
      const answers = ["one", "two"].map((answer) => serve(local, answer, gpu));
      assert.deepEqual(await Promise.all(answers), ["one", "two"]);
      const closed = ["three", "four"].map((answer) => serve(local, answer, { ...gpu, outboundCidrAllowlist: [] }));
      assert.deepEqual(await Promise.all(closed), ["three", "four"]);
    });

    it("refuses an invalid address range", async () => {
      for (const cidr of ["nonsense", "10.0.0.0", "10.0.0.0/33", "::/129"])
        for (const list of [{ outboundCidrAllowlist: [cidr] }, { inboundCidrAllowlist: [cidr] }])
          await assert.rejects(
            local.create({ ...gpu, ...list }),
            (error) =>
              error instanceof ClientError &&
              error.code === Status.INVALID_ARGUMENT &&
              error.details === `Invalid CIDR: ${cidr}`,
          );
      await local.create({ ...gpu, outboundCidrAllowlist: ["10.0.0.0/8", "fd00::/8"] });
    });
  });

describe("the traffic between a sandbox and the outside", function () {
  this.timeout(60_000);
  const local = useLocalBackend();

  /** A server on this machine for one connection, and the output of a program inside that uses it. */
  async function inside(answer: (received: Buffer) => Buffer, script: string) {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const received: Buffer[] = [];
      socket.on("data", (data) => received.push(data));
      socket.once("end", () => socket.end(answer(Buffer.concat(received))));
    });
    server.listen(0, machineAddress);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const sandbox = await local.create();
    const program = `const { connect } = require("node:net");
      const socket = connect({ port: ${port}, host: "${machineAddress ?? ""}", allowHalfOpen: true }); ${script}`;
    try {
      const exec = await sandbox.exec([process.execPath, "-e", program], { mode: "binary" });
      return Buffer.from(await exec.stdout.readBytes());
    } finally {
      server.close();
    }
  }

  const pattern = (bytes: number) => Buffer.alloc(bytes, "0123456789abcdefghijklmnopqrstuvw");

  it("arrives complete and in order, even after one side has sent its last byte", async function () {
    needOwnNetwork(this, local);
    if (machineAddress === undefined) skip(this, NO_ADDRESS);
    const bytes = 30 * MB;
    let received: Buffer | undefined;
    const answered = await inside((data) => {
      received = data;
      return pattern(bytes);
    }, `socket.end(Buffer.alloc(${bytes}, "zyxwvutsrqponmlkjihgfedcba9876")); socket.pipe(process.stdout);`);
    assert.ok(received?.equals(Buffer.alloc(bytes, "zyxwvutsrqponmlkjihgfedcba9876")));
    assert.ok(answered.equals(pattern(bytes)));
  });

  it("waits for a program that does not read", async function () {
    needOwnNetwork(this, local);
    if (machineAddress === undefined) skip(this, NO_ADDRESS);
    const bytes = 20 * MB;
    const answered = await inside(
      () => pattern(bytes),
      `socket.end(); socket.pause(); setTimeout(() => socket.pipe(process.stdout), 1500);`,
    );
    assert.ok(answered.equals(pattern(bytes)), `${answered.length} bytes`);
  });
});

for (const words of [
  ["--network", "shared"],
  ["--isolation", "directory"],
])
  describe(`sandboxes that share this machine's network (${words.join(" ")})`, function () {
    this.timeout(60_000);
    const local = useLocalBackend({ arguments: words });
    const namesListeners = process.platform === "linux";
    let port = words.includes("shared") ? 24_900 : 24_950;
    beforeEach(() => {
      port += 1;
    });

    const declaring = (params: SandboxCreateParams = {}) => local.create({ unencryptedPorts: [port], ...params });

    const serving = async (answer: string) => {
      const script = SERVER.replace("8000", String(port));
      const sandbox = await declaring({
        command: [process.execPath, "-e", script, answer],
        readinessProbe: Probe.withTcp(port, { intervalMs: 20 }),
      });
      await sandbox.waitUntilReady(20_000);
      return sandbox;
    };

    /** The server's report of the listener on the sandbox's declared port. */
    const listener = async ({ sandboxId }: Sandbox) => {
      const { sandboxes } = await local.modal.cpClient.sandboxListV2({ appId: local.app.appId });
      const listed = sandboxes.find(({ id }) => id === sandboxId)?.tags ?? [];
      const tags = await (await local.modal.sandboxes.fromId(sandboxId)).getTags();
      assert.deepEqual(tags, Object.fromEntries(listed.map(({ tagName, tagValue }) => [tagName, tagValue])));
      return tags[`modal-local-port-${port}`];
    };

    const answerThrough = async (sandbox: Sandbox) => {
      const [host, tunnelPort] = (await sandbox.tunnels())[port]?.tcpSocket ?? [];
      return text(connect(tunnelPort ?? 0, host));
    };

    it("report that in the log, and in their output if a list is not enforced", async () => {
      assert.match(local.backend.log(), /share this machine's network and its ports/);
      const sandbox = await local.create({ command: ["true"], outboundCidrAllowlist: ["10.0.0.0/8"] });
      assert.match(
        await sandbox.stdout.readText(),
        /cannot restrict a sandbox's network, so the sandbox may reach anything/,
      );
    });

    it("may declare the same port; the kernel refuses the second program that binds it, until the first ends", async () => {
      const first = await serving("first");
      const second = await declaring();
      const program = `require("node:net").createServer().on("error", ({ code }) => console.log(code))
        .listen(${port}, "127.0.0.1", function () { console.log("bound"); this.close(); })`;
      const bind = async () => (await (await second.exec([process.execPath, "-e", program])).stdout.readText()).trim();
      assert.equal(await bind(), "EADDRINUSE");
      await first.terminate({ wait: true });
      assert.equal(await bind(), "bound");
    });

    it("have tunnels that never lead into another sandbox; the tags and the log say which one listens", async function () {
      if (!namesListeners) skip(this, "needs Linux");
      const alone = await declaring();
      assert.equal(await listener(alone), undefined);
      await alone.terminate({ wait: true });

      const first = await serving("first");
      const second = await declaring();
      assert.equal(await answerThrough(first), "first");
      await assert.rejects(answerThrough(second), { code: "ECONNRESET" });
      assert.deepEqual([await listener(first), await listener(second)], [first.sandboxId, first.sandboxId]);
      const said = `${second.sandboxId}: Port ${port} is shared on this machine; sandbox ${first.sandboxId} listens on it.`;
      assert.ok(local.backend.log().includes(said), local.backend.log());

      await second.setTags({ ...(await second.getTags()), owner: "me" });
      await first.terminate({ wait: true });
      // The kernel closes a killed program's files after its end has been reported.
      assert.ok(await eventually(async () => (await listener(second)) === undefined));
      assert.deepEqual(await second.getTags(), { owner: "me" });
    });

    it("do not count as ready because of another sandbox's server", async function () {
      if (!namesListeners) skip(this, "needs Linux");
      await serving("first");
      const second = await declaring({ readinessProbe: Probe.withTcp(port, { intervalMs: 20 }) });
      await assert.rejects(second.waitUntilReady(500), { name: "TimeoutError" });
    });

    it("learn that a server of the machine itself uses the port", async function () {
      if (!namesListeners) skip(this, "needs Linux");
      const server = createServer().listen(port, "127.0.0.1");
      await once(server, "listening");
      const sandbox = await declaring();
      assert.equal(await listener(sandbox), "machine");
      assert.ok(
        local.backend
          .log()
          .includes(
            `${sandbox.sandboxId}: Port ${port} is shared on this machine; a program outside all sandboxes listens on it.`,
          ),
      );
      server.close();
      await once(server, "close");
      assert.equal(await listener(sandbox), undefined);
    });
  });
