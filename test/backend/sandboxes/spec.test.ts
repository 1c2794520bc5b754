import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { UserError } from "../../../src/base/errors";
import { collect } from "../../../src/modal/exec";
import type { SandboxSpec } from "../../../src/modal/spec";
import { makeSecret } from "../support/namedSecret";
import { spec, T4, useServices } from "../support/services";

const soon = () => AbortSignal.timeout(20_000);
const folder = "/some/folder";

describe("the spec of a sandbox", function () {
  this.timeout(60_000);
  const services = useServices();

  /** Returns the output of a command in a sandbox of that spec. */
  async function printed(wanted: Partial<SandboxSpec>, script: string): Promise<string> {
    const { sandboxes, exec } = services();
    const created = await sandboxes.create({ spec: spec(wanted), folder }, soon());
    const { stdout, stderr } = await collect(await exec.exec(created.phase.id, ["sh", "-c", script], {}, soon()));
    await sandboxes.terminate(created.key, soon());
    return stdout + stderr;
  }

  it("adds its secrets and variables, and variables override secrets", async () => {
    const client = await services().connection.client(soon());
    await makeSecret(client, "one", { A: "1", B: "1", C: "1" });
    await makeSecret(client, "two", { B: "2", C: "2" });
    for (const gpu of [undefined, T4])
      assert.equal(await printed({ gpu, secrets: ["one", "two"], env: { C: "3" } }, 'echo "$A$B$C"'), "123\n");
  });

  it("mounts its volumes, one of them read-only", async () => {
    const client = await services().connection.client(soon());
    await client.volumes.fromName("data", { createIfMissing: true });
    const mount = { path: "/data", volume: "data" };
    await printed({ volumes: [{ ...mount, isReadOnly: false }] }, "echo kept > /data/file");
    assert.match(
      await printed({ volumes: [{ ...mount, isReadOnly: true }] }, "cat /data/file; echo lost > /data/file"),
      /^kept\n.*[Rr]ead-only/,
    );
  });

  it("can block the sandbox's network, which then has no ports", async () => {
    const routes = await printed({ network: { kind: "blocked" }, ports: [8000] }, "ls /sys/class/net");
    assert.equal(routes, "lo\n");
  });

  it("is refused with an error if a secret or a volume does not exist", async () => {
    for (const wanted of [
      { secrets: ["nowhere"] },
      { volumes: [{ path: "/data", volume: "nowhere", isReadOnly: false }] },
    ])
      await assert.rejects(
        services().sandboxes.create({ spec: spec(wanted), folder }, soon()),
        (error) =>
          error instanceof UserError &&
          /^There is no (secret|volume) nowhere in this environment\./.test(error.message) &&
          error.actions.length === 1,
      );
    assert.deepEqual(services().store.all, []);
  });

  it("is known to other windows even where the server does not report it: mounts and pinned regions", async () => {
    const { sandboxes, openWindow } = services();
    const { key, phase } = await sandboxes.create({ spec: spec({ regions: ["eu"] }), folder }, soon());
    const other = openWindow();
    await other.refresh();
    const { regions, volumes, image } = other.store.findById(phase.id) ?? {};
    assert.deepEqual({ regions, volumes, image }, { regions: ["eu"], volumes: [], image: "python:3.12-slim" });
    await sandboxes.terminate(key, soon());
  });

  it("names the regions and addresses that a sandbox is limited to, and Modal checks them", async () => {
    const { sandboxes } = services();
    const refused = (wanted: Partial<SandboxSpec>) => sandboxes.create({ spec: spec(wanted), folder }, soon());
    await assert.rejects(refused({ regions: ["atlantis"] }), /Invalid region: atlantis/);
    await assert.rejects(
      refused({ network: { kind: "allowlist", cidrs: ["10.0.0.0/99"], domains: [] } }),
      /Invalid CIDR: 10\.0\.0\.0\/99/,
    );
    assert.equal(
      await printed(
        { regions: ["us"], network: { kind: "allowlist", cidrs: ["10.0.0.0/8"], domains: [] } },
        "echo fine",
      ),
      "fine\n",
    );
  });
});
