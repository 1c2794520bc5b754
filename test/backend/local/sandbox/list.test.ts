import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "mocha";
import { Probe } from "modal";
import { generations, useLocalBackend, type Fixture } from "../../support/fixture";

describe("the list of sandboxes", function () {
  this.timeout(120_000);
  const local = useLocalBackend({ env: { MODAL_LOCAL_NO_CAPACITY: "NEVER" } });

  it("describes a sandbox completely in one call", async () => {
    const app = await newApp(local);
    const sandbox = await local.modal.sandboxes.create(app, local.image, {
      gpu: "A100-80GB:2",
      name: "trainer",
      tags: { owner: "me" },
      cpu: 2,
      memoryMiB: 512,
      timeoutMs: 90_000,
      idleTimeoutMs: 60_000,
      unencryptedPorts: [8000],
      readinessProbe: Probe.withTcp(8000),
    });
    for (const method of ["sandboxList", "sandboxListV2"] as const) {
      const [info, ...others] = (await local.modal.cpClient[method]({ appId: app.appId })).sandboxes;
      assert.equal(others.length, 0);
      assert.equal(info?.id, sandbox.sandboxId);
      assert.equal(info.name, "trainer");
      assert.equal(info.appId, app.appId);
      assert.equal(info.imageId, local.image.imageId);
      assert.deepEqual(info.tags, [{ tagName: "owner", tagValue: "me" }]);
      assert.equal(info.timeoutSecs, 90);
      assert.equal(info.idleTimeoutSecs, 60);
      assert.equal(info.readyAt, undefined);
      assert.equal(info.readinessProbe?.tcpPort, 8000);
      assert.equal(info.resourceInfo?.gpuType, "A100-80GB");
      assert.deepEqual(info.resourceInfo.milliCpu, { value: 2000, isDefault: false });
      assert.deepEqual(info.resourceInfo.memoryMb, { value: 512, isDefault: false });
      assert.equal(info.taskInfo?.gpuConfig?.count, 2);
      assert.ok(info.taskInfo.startedAt >= info.createdAt);
      assert.equal(info.taskInfo.finishedAt, 0);
      assert.equal(info.taskInfo.result, undefined);
      assert.deepEqual(
        info.tunnels.map(({ containerPort, unencryptedHost }) => ({ containerPort, unencryptedHost })),
        [{ containerPort: 8000, unencryptedHost: "127.0.0.1" }],
      );
    }
  });

  it("comes in pages, newest first, with each sandbox once", async () => {
    const app = await newApp(local);
    const made: string[] = [];
    for (let i = 0; i < 26; i++) {
      const batch = Array.from({ length: 5 }, () => local.modal.cpClient.sandboxCreate(definition(app.appId, local)));
      made.push(...(await Promise.all(batch)).map(({ sandboxId }) => sandboxId));
    }
    const listed: string[] = [];
    for await (const sandbox of local.modal.sandboxes.list({ appId: app.appId })) listed.push(sandbox.sandboxId);
    assert.equal(listed.length, 130);
    assert.deepEqual(new Set(listed), new Set(made));

    const { sandboxes } = await local.modal.cpClient.sandboxListV2({ appId: app.appId });
    const times = sandboxes.map(({ createdAt }) => createdAt);
    assert.ok(times.length < 130, "one page does not hold them all");
    assert.ok(times.every((time, i) => i === 0 || time < (times[i - 1] ?? 0)));
  });

  it("contains both generations, only the app's sandboxes, and ended ones on request", async () => {
    const [app, other] = [await newApp(local), await newApp(local)];
    const [ended, v1] = [
      await local.modal.sandboxes.create(app, local.image),
      await local.modal.sandboxes.create(app, local.image, { gpu: "L4" }),
    ];
    await local.modal.sandboxes.create(other, local.image);
    await ended.terminate();
    const ids = async (includeFinished: boolean) =>
      (await local.modal.cpClient.sandboxListV2({ appId: app.appId, includeFinished })).sandboxes.map(({ id }) => id);
    assert.deepEqual(await ids(false), [v1.sandboxId]);
    assert.deepEqual(await ids(true), [v1.sandboxId, ended.sandboxId]);
  });

  for (const { generation, gpu } of generations) {
    it(`finds sandboxes by their tags, which can be replaced (${generation})`, async () => {
      const app = await newApp(local);
      const create = (tags: Record<string, string>) => local.modal.sandboxes.create(app, local.image, { ...gpu, tags });
      const [one, two] = [await create({ a: "1", b: "2" }), await create({ a: "1" })];
      const withTags = async (tags: Record<string, string>) => {
        const found: string[] = [];
        for await (const { sandboxId } of local.modal.sandboxes.list({ appId: app.appId, tags })) found.push(sandboxId);
        return found;
      };
      assert.deepEqual(await withTags({ a: "1" }), [two.sandboxId, one.sandboxId]);
      assert.deepEqual(await withTags({ a: "1", b: "2" }), [one.sandboxId]);

      await one.setTags({ c: "3" });
      assert.deepEqual(await one.getTags(), { c: "3" });
      assert.deepEqual(await withTags({ a: "1" }), [two.sandboxId]);
      await assert.rejects(one.setTags({ "not a tag": "x" }), { name: "InvalidError" });
    });

    it(`finds a running sandbox by its name, which becomes free when it ends (${generation})`, async () => {
      const app = await newApp(local);
      const create = () => local.modal.sandboxes.create(app, local.image, { ...gpu, name: "the-one" });
      const first = await create();
      const found = await local.modal.sandboxes.fromName(app.name ?? "", "the-one");
      assert.equal(found.sandboxId, first.sandboxId);
      await assert.rejects(create(), { name: "AlreadyExistsError" });

      await first.terminate();
      await assert.rejects(local.modal.sandboxes.fromName(app.name ?? "", "the-one"), { name: "NotFoundError" });
      assert.notEqual((await create()).sandboxId, first.sandboxId);
    });
  }
});

const newApp = (local: Fixture) => local.modal.apps.fromName(`app-${randomUUID()}`, { createIfMissing: true });

/** Stays queued forever, so that many of these sandboxes cost nothing. */
const definition = (appId: string, local: Fixture) => ({
  appId,
  definition: { imageId: local.image.imageId, resources: { gpuConfig: { gpuType: "NEVER", count: 1 } } },
});
