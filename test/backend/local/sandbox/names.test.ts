import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "mocha";
import { useLocalBackend, type Fixture } from "../../support/fixture";

const newApp = (local: Fixture) => local.modal.apps.fromName(`app-${randomUUID()}`, { createIfMissing: true });

describe("a sandbox's name", function () {
  this.timeout(60_000);
  const local = useLocalBackend();

  it("can be set while it runs, once, if it is free and valid", async () => {
    const app = await newApp(local);
    const create = () => local.modal.sandboxes.create(app, local.image);
    const [one, other] = [await create(), await create()];
    await one.experimentalSetName("late");
    assert.equal((await local.modal.sandboxes.fromName(app.name ?? "", "late")).sandboxId, one.sandboxId);
    await assert.rejects(other.experimentalSetName("late"), { name: "AlreadyExistsError", message: /already exists/ });
    await assert.rejects(one.experimentalSetName("again"), { name: "ConflictError" });
    await assert.rejects(other.experimentalSetName("not a name"), { name: "InvalidError" });

    await one.terminate({ wait: true });
    await other.experimentalSetName("late");
    await assert.rejects(one.experimentalSetName("too-late"), { name: "ConflictError" });
  });

  it("still finds an ended sandbox on request, unless another one runs under the name", async () => {
    const app = await newApp(local);
    const create = () => local.modal.sandboxes.create(app, local.image, { name: "job" });
    const find = (includeTerminated: boolean) =>
      local.modal.sandboxes.fromName(app.name ?? "", "job", { includeTerminated });
    const first = await create();
    await first.terminate({ wait: true });
    await assert.rejects(find(false), { name: "NotFoundError" });
    assert.equal((await find(true)).sandboxId, first.sandboxId);
    assert.equal(await (await find(true)).poll(), 137);

    const second = await create();
    assert.equal((await find(true)).sandboxId, second.sandboxId);
    await second.terminate({ wait: true });
    assert.equal((await find(true)).sandboxId, second.sandboxId);
  });

  it("belongs to an app in one environment", async () => {
    const app = await newApp(local);
    await local.modal.sandboxes.create(app, local.image, { name: "here" });
    await assert.rejects(local.modal.sandboxes.fromName("no-such-app", "here"), { name: "NotFoundError" });
    const elsewhere = local.modal.sandboxes.fromName(app.name ?? "", "here", { environment: "nowhere" });
    await assert.rejects(elsewhere, { name: "NotFoundError" });
  });
});

describe("a handle of a sandbox", function () {
  this.timeout(60_000);
  const local = useLocalBackend();

  it("does nothing after it was detached, while the sandbox keeps running", async () => {
    const sandbox = await local.create();
    sandbox.detach();
    await assert.rejects(sandbox.exec(["true"]));
    const again = await local.modal.sandboxes.fromId(sandbox.sandboxId);
    assert.equal(await again.poll(), null);
    assert.equal(await (await again.exec(["true"])).wait(), 0);
  });

  it("is listed in pages by its tags, once per sandbox", async () => {
    const app = await newApp(local);
    const create = (i: number) =>
      local.modal.cpClient.sandboxCreate({
        appId: app.appId,
        tags: [{ tagName: "parity", tagValue: i % 2 === 0 ? "even" : "odd" }],
        definition: { imageId: local.image.imageId, entrypointArgs: ["true"], timeoutSecs: 60 },
      });
    const made = [];
    for (let i = 0; i < 30; i++) made.push((await create(i)).sandboxId);
    const wanted = new Set(made.filter((_, i) => i % 2 === 0));
    const listed = async () => {
      const request = { appId: app.appId, includeFinished: true, tags: [{ tagName: "parity", tagValue: "even" }] };
      const ids: string[] = [];
      for (let beforeTimestamp = 0; ;) {
        const { sandboxes } = await local.modal.cpClient.sandboxListV2({ ...request, beforeTimestamp });
        const last = sandboxes.at(-1);
        if (!last) return ids;
        ids.push(...sandboxes.map(({ id }) => id));
        beforeTimestamp = last.createdAt;
      }
    };
    const ids = await listed();
    assert.equal(ids.length, wanted.size);
    assert.deepEqual(new Set(ids), wanted);
  });
});
