import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { listSandboxes } from "../../../src/modal/rpc";
import { useLocalBackend } from "../support/fixture";

describe("the list of sandboxes", function () {
  this.timeout(60_000);
  const local = useLocalBackend();

  it("takes one call while the sandboxes fit on a page, whatever their number", async () => {
    const { modal, app } = local;
    let calls = 0;
    const list = modal.cpClient.sandboxListV2.bind(modal.cpClient);
    Reflect.set(modal.cpClient, "sandboxListV2", (...request: Parameters<typeof list>) => {
      calls += 1;
      return list(...request);
    });
    const listed = () => listSandboxes(modal, { appId: app.appId, environment: "" }, AbortSignal.timeout(10_000));
    assert.deepEqual([(await listed()).length, calls], [0, 1]);

    await Promise.all(Array.from({ length: 12 }, () => local.create()));
    calls = 0;
    assert.deepEqual([(await listed()).length, calls], [12, 1]);
  });
});
