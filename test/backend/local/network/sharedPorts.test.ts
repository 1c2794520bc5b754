import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { describe, it } from "mocha";
import { MACHINE, SharedPorts } from "../../../../src/local/sandbox/sharedPorts";
import { isRunning, type RunningSandbox } from "../../../../src/sandboxes/sandbox";
import { tunnelRow } from "../../../../src/ui/views/rows/tunnelRow";
import { skip } from "../../../support/skip";
import { eventually } from "../../support/processes";
import { spec } from "../../support/services";
import { useWindows } from "../../support/windows";

const PORT = 24_990;

describe("the tunnels of two sandboxes that declare the same port of this machine", function () {
  this.timeout(30_000);
  const windows = useWindows({ arguments: ["--network", "shared"] });

  const create = () => {
    const { services, folder } = windows;
    return services.sandboxes.create({ spec: spec({ ports: [PORT] }), folder }, AbortSignal.timeout(20_000));
  };
  const rowOf = ({ key }: RunningSandbox): string | undefined => {
    const sandbox = windows.services.store.get(key);
    const [tunnel] = sandbox && isRunning(sandbox) ? sandbox.phase.tunnels : [];
    return tunnel && tunnelRow(tunnel).description.replace(tunnel.url, "URL");
  };
  const show = async (wanted: readonly string[], sandboxes: readonly RunningSandbox[]) => {
    const isShown = async () => {
      await windows.services.refresh();
      return JSON.stringify(sandboxes.map(rowOf)) === JSON.stringify(wanted);
    };
    assert.ok(await eventually(isShown), JSON.stringify(sandboxes.map(rowOf)));
  };

  it("say in their rows that the port is shared, and which sandbox listens", async function () {
    if (process.platform !== "linux") skip(this, "needs Linux");
    const first = await create();
    await show(["URL"], [first]);
    const second = await create();
    const both = [first, second];
    await show(["shared port · URL", "shared port · URL"], both);

    const { exec } = windows.services;
    const server = `require("node:http").createServer().listen(${PORT})`;
    const signal = AbortSignal.timeout(20_000);
    const serving = await exec.exec(second.phase.id, [process.execPath, "-e", server], {}, signal);
    await show([`shared port: ${second.phase.id} listens · URL`, "shared port · URL"], both);

    await windows.services.sandboxes.terminate(second.key, signal);
    await serving.exitCode.catch(() => undefined);
    await show(["URL"], [first]);
  });
});

describe("the listener on a port of this machine", () => {
  it("is looked up once for all lists within a second, even if no sandbox listens", async function () {
    if (process.platform !== "linux") skip(this, "needs Linux");
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    let [now, lookUps, holds] = [5000, 0, false];
    const holdsSocket = () => {
      lookUps += 1;
      return Promise.resolve(holds);
    };
    const ports = new SharedPorts(() => [{ id: "sb-1", spec: { ports: [{ port }] }, holdsSocket }], {
      now: () => now,
    });
    try {
      assert.deepEqual(await Promise.all([ports.listenerOn(port), ports.listenerOn(port)]), [MACHINE, MACHINE]);
      now += 900;
      assert.equal(await ports.listenerOn(port), MACHINE);
      assert.equal(lookUps, 1);

      now += 200;
      holds = true;
      assert.equal(await ports.listenerOn(port), "sb-1");
      assert.equal(lookUps, 2);
    } finally {
      server.close();
    }
  });
});
