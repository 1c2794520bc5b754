import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { isRunning, type RunningSandbox } from "../../src/sandboxes/sandbox";
import { tunnelRow } from "../../src/ui/views/tunnelRow";
import { skip } from "../support/skip";
import { eventually } from "./support/processes";
import { spec } from "./support/services";
import { useWindows } from "./support/windows";

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

  it("say in their rows that it is shared, and which sandbox listens", async function () {
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
