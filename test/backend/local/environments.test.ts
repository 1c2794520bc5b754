import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { useLocalBackend } from "../support/fixture";
import { makeSecret } from "../support/namedSecret";

describe("an environment", function () {
  this.timeout(60_000);
  const local = useLocalBackend();

  async function names(): Promise<string[]> {
    const found: string[] = [];
    for await (const { name } of local.modal.environments.objects.list()) found.push(name);
    return found;
  }

  it("can be created, listed, looked up and deleted", async () => {
    const { objects } = local.modal.environments;
    assert.deepEqual(await names(), ["main"]);
    await objects.create("staging");
    assert.deepEqual(await names(), ["main", "staging"]);
    await assert.rejects(objects.create("staging"), { name: "AlreadyExistsError" });
    assert.match((await local.modal.environments.fromName("staging")).environmentId, /^en-/);
    await objects.delete("staging");
    assert.deepEqual(await names(), ["main"]);
    await assert.rejects(objects.delete("staging"), { name: "NotFoundError" });
    await assert.rejects(local.modal.environments.fromName("staging"), { name: "NotFoundError" });
    await local.modal.environments.fromName("staging", { createIfMissing: true });
    assert.deepEqual(await names(), ["main", "staging"]);
    await objects.delete("staging");
  });

  it("has its own names, and takes its objects along when it is deleted", async () => {
    const { modal } = local;
    await modal.environments.objects.create("apart");
    const environment = "apart";
    const app = await modal.apps.fromName("tests", { environment, createIfMissing: true });
    assert.notEqual(app.appId, local.app.appId);
    await modal.queues.fromName("only-here", { environment, createIfMissing: true });
    await makeSecret(modal, "only-here", { A: "1" }, { environmentName: environment });
    await modal.secrets.fromName("only-here", { environment });
    for (const missing of [modal.queues.fromName("only-here"), modal.secrets.fromName("only-here")])
      await assert.rejects(missing, { name: "NotFoundError" });

    const sandbox = await modal.sandboxes.create(app, local.image);
    await modal.environments.objects.delete(environment);
    assert.equal(await sandbox.wait(), 137);
    await modal.environments.objects.create(environment);
    for (const gone of [
      modal.apps.fromName("tests", { environment }),
      modal.queues.fromName("only-here", { environment }),
      modal.secrets.fromName("only-here", { environment }),
    ])
      await assert.rejects(gone, { name: "NotFoundError" });
    await modal.environments.objects.delete(environment);
  });

  it("has no objects to look up if it does not exist", async () => {
    const environment = "nowhere";
    await assert.rejects(local.modal.apps.fromName("tests", { environment }), { name: "NotFoundError" });
    await assert.rejects(local.modal.secrets.fromName("x", { environment }), { name: "NotFoundError" });
    await assert.rejects(local.modal.queues.fromName("x", { environment }), { name: "NotFoundError" });
  });

  it("lists its apps, and drops an app that was stopped along with its sandboxes", async () => {
    const { modal } = local;
    const app = await modal.apps.fromName("short-lived", { createIfMissing: true });
    const sandbox = await modal.sandboxes.create(app, local.image);
    const main = await modal.environments.fromName("main");
    const apps = async () => {
      const found: (string | undefined)[] = [];
      for await (const { name } of main.apps.list()) found.push(name);
      return found;
    };
    assert.deepEqual((await apps()).sort(), ["short-lived", "tests"]);
    const { lifecycle, description } = await app.info();
    assert.deepEqual([description, lifecycle.state, lifecycle.stoppedAt], ["short-lived", "deployed", undefined]);

    await modal.cpClient.appStop({ appId: app.appId });
    assert.equal(await sandbox.wait(), 137);
    assert.deepEqual(await apps(), ["tests"]);
    const after = await app.info({ refresh: true });
    assert.equal(after.lifecycle.state, "stopped");
    assert.ok(after.lifecycle.stoppedAt);
    assert.notEqual((await modal.apps.fromName("short-lived", { createIfMissing: true })).appId, app.appId);
  });
});
