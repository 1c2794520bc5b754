import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { describe, it } from "mocha";
import { Probe, type SandboxCreateParams } from "modal";
import { ClientError, Status } from "nice-grpc";
import { generations, useLocalBackend } from "./support/fixture";

const SERVER = `require("node:net").createServer((socket) => socket.end(process.argv[1])).listen(24999, "127.0.0.1")`;

for (const { generation, gpu } of generations)
  describe(`the network of a sandbox of generation ${generation}`, function () {
    this.timeout(60_000);
    const local = useLocalBackend();
    const hasOwnRoot = () => !local.backend.log().includes("isolation: directory");

    /** Whether a program inside can connect to a port of this machine. */
    const reaches = async (params: SandboxCreateParams) => {
      const server = createServer((socket) => socket.end());
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const script = `require("node:net").connect(${port}, "127.0.0.1")
        .on("connect", () => process.exit(0)).on("error", () => process.exit(1))`;
      try {
        const sandbox = await local.create({ ...gpu, ...params });
        return (await (await sandbox.exec([process.execPath, "-e", script])).wait()) === 0;
      } finally {
        server.close();
      }
    };

    it("is this machine's, and nobody's where it is blocked", async function () {
      if (!hasOwnRoot()) this.skip();
      assert.equal(await reaches({}), true);
      assert.equal(await reaches({ blockNetwork: true }), false);
      assert.equal(await reaches({ outboundCidrAllowlist: [], outboundDomainAllowlist: [] }), false);
    });

    it("lets two sandboxes that may reach nothing serve on the same port, a tunnel to each", async function () {
      if (!hasOwnRoot()) this.skip();
      const serve = (answer: string) =>
        local.create({
          ...gpu,
          command: [process.execPath, "-e", SERVER, answer],
          outboundCidrAllowlist: [],
          unencryptedPorts: [24_999],
          readinessProbe: Probe.withTcp(24_999, { intervalMs: 20 }),
        });
      const sandboxes = await Promise.all(["one", "two"].map(serve));
      const answers = sandboxes.map(async (sandbox) => {
        await sandbox.waitUntilReady(20_000);
        const [host, port] = (await sandbox.tunnels())[24_999]?.tcpSocket ?? [];
        return text(connect(port ?? 0, host));
      });
      assert.deepEqual(await Promise.all(answers), ["one", "two"]);
    });

    it("refuses an address range that is none", async () => {
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
