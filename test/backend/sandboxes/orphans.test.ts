import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { eventually } from "../support/processes";
import { spec, useServices, type Services } from "../support/services";

const soon = () => AbortSignal.timeout(20_000);

describe("a sandbox whose window is gone", function () {
  this.timeout(60_000);
  const services = useServices();

  /** One that a window made for a folder before it closed. */
  const leftBehind = async (folder: string) => {
    const window = services().openWindow();
    const sandbox = await window.sandboxes.create({ spec: spec(), folder }, soon());
    await window.ownership.leave();
    return sandbox;
  };
  const listedIds = async () => new Set((await services().gateway.list(soon())).map(({ id }) => id));
  const holderIn = (window: Pick<Services, "store">, key: string) => window.store.get(key)?.holder;

  it("belongs to no window, and the next window of the same folder takes it over silently", async () => {
    const { key, phase } = await leftBehind("/project");
    const stranger = services().openWindow({ folders: ["/other"] });
    await stranger.refresh();
    assert.equal(holderIn(stranger, key), "nobody");

    const again = services().openWindow({ folders: ["/project"] });
    await again.refresh();
    assert.equal(holderIn(again, key), "thisWindow");
    await stranger.refresh();
    assert.equal(holderIn(stranger, key), "otherWindow");
    const reused = await again.sandboxes.findReusable({ spec: spec(), folder: "/project" }, soon());
    assert.equal(reused?.phase.id, phase.id);
  });

  it("is adopted by the first window that asks, and by no other", async () => {
    const { key } = await leftBehind("/project-2");
    const [one, two] = [services().openWindow(), services().openWindow()];
    await Promise.all([one.refresh(), two.refresh()]);
    assert.ok(await one.sandboxes.adopt(key));
    assert.equal(await two.sandboxes.adopt(key), undefined);
    assert.equal(holderIn(two, key), "otherWindow");
  });

  it("is adopted by one of several windows that ask at the same moment", async () => {
    for (let trial = 0; trial < 10; trial += 1) {
      const { key } = await leftBehind("/project-3");
      const windows = [services().openWindow(), services().openWindow(), services().openWindow()];
      await Promise.all(windows.map((window) => window.refresh()));
      const adopted = await Promise.all(windows.map((window) => window.sandboxes.adopt(key)));
      assert.equal(adopted.filter((sandbox) => sandbox !== undefined).length, 1);
    }
  });

  it("is not used by another window while its own lives, even for the same folder and spec", async () => {
    const holder = services().openWindow();
    await holder.sandboxes.create({ spec: spec(), folder: "/held" }, soon());
    const other = services().openWindow({ folders: ["/held"] });
    await other.refresh();
    assert.equal(await other.sandboxes.findReusable({ spec: spec(), folder: "/held" }, soon()), undefined);
  });

  it("is ended by the next window if its own was about to end it", async () => {
    const window = services().openWindow();
    const { name, phase } = await window.sandboxes.create({ spec: spec(), folder: "/doomed" }, soon());
    await window.ownership.markForTermination(name);
    const bystander = services().openWindow({ folders: ["/doomed"] });
    await bystander.refresh();
    assert.ok((await listedIds()).has(phase.id), "its window lives and ends it itself");

    await window.ownership.leave();
    await bystander.refresh();
    assert.ok(await eventually(async () => !(await listedIds()).has(phase.id)));
    assert.ok(await eventually(async () => (await bystander.ownership.survey()).entries.length === 0));
  });

  it("leaves the journal once it is gone from the server", async () => {
    const { key, phase, name } = await leftBehind("/gone");
    await services().gateway.terminate(phase.id, soon());
    const next = services().openWindow();
    assert.ok((await next.ownership.survey()).entries.some((entry) => entry.name === name));
    await next.refresh();
    assert.ok(!(await next.ownership.survey()).entries.some((entry) => entry.name === name));
    assert.equal(next.store.get(key), undefined);
  });
});
