import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { UsageGateway } from "../../../src/modal/usage";
import { sandboxIdOf } from "../../../src/sandboxes/sandbox";
import { spec, T4, useServices } from "../support/services";

const signal = () => AbortSignal.timeout(20_000);

describe("the usage of a sandbox", function () {
  this.timeout(60_000);
  const services = useServices();

  it("is reported in seconds of each resource, unless the server cannot know it", async () => {
    const { sandboxes, connection, folder } = services();
    const usage = new UsageGateway(connection);
    const sandbox = await sandboxes.create({ spec: spec({ gpu: T4 }), folder }, signal());
    const used = await usage.ofSandbox(sandboxIdOf(sandbox) ?? "", signal());
    if (used) assert.ok(used.gpuSeconds > 0 && used.gpuSeconds < 60, JSON.stringify(used));
  });

  it("is empty for a sandbox that does not exist", async () => {
    assert.equal(await new UsageGateway(services().connection).ofSandbox("sb-nothing", signal()), undefined);
  });
});
