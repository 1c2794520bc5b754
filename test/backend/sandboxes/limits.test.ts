import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Deferred } from "../../../src/base/async";
import { messageOf } from "../../../src/base/errors";
import { launchers } from "../../../src/run/target/launchers";
import { targetOf } from "../../../src/run/target/target";
import { sandboxIdOf } from "../../../src/sandboxes/sandbox";
import { secretStore } from "../../unit/support/fakes";
import { spec, useServices } from "../support/services";

const signal = () => AbortSignal.timeout(20_000);

const refusal = /your limit of 1 sandbox/;

describe("a spending limit", function () {
  this.timeout(60_000);
  const services = useServices({ limits: () => ({ dollarsPerHour: 0, dollarsPerDay: 0, sandboxes: 1 }) });

  it("stops every way to make a sandbox: create, run and branch", async () => {
    const { sandboxes, store, gateway, runs, snapshots, folder, ownership } = services();
    const steps: string[] = [];
    const listening = store.onDidChangeSandboxes(({ added, changed }) => {
      for (const { phase } of [...added, ...changed]) if (phase.kind === "creating") steps.push(phase.step);
    });
    const first = await sandboxes.create({ spec: spec(), folder }, signal());
    assert.deepEqual(steps.slice(0, 2), ["limits", "image"]);
    listening.dispose();
    await assert.rejects(sandboxes.create({ spec: spec(), folder }, signal()), refusal);

    const target = targetOf("a.sh", launchers.shell, { kind: "loose", name: "a.sh", content: "" });
    const request = { folder: undefined, specs: [spec({ cpu: 2 })], remotePath: "/workspace" };
    const [run] = runs.start({ ...request, target });
    const outcome = await run?.finished;
    assert.match(outcome?.kind === "failed" ? messageOf(outcome.error) : "", refusal);
    await assert.rejects(snapshots.branch(first, {}, signal()), refusal);

    assert.deepEqual(
      store.all.map(({ key }) => key),
      [first.key],
    );
    assert.deepEqual(
      (await gateway.list(signal())).map(({ id }) => id),
      [sandboxIdOf(first)],
    );
    assert.deepEqual(
      (await ownership.entries()).map(({ name }) => name),
      [first.name],
    );
  });
});

describe("a keyring that waits for its password", function () {
  this.timeout(60_000);
  const asked = new Deferred<undefined>();
  const unlocked = new Deferred<undefined>();
  const keyring = secretStore();
  const services = useServices({
    limits: () => ({ dollarsPerHour: 0, dollarsPerDay: 0, sandboxes: 5 }),
    vaultSecrets: {
      ...keyring,
      store: async (name, value) => {
        asked.resolve(undefined);
        await unlocked.promise;
        await keyring.store(name, value);
      },
    },
  });

  it("does not delay a sandbox that another window creates", async () => {
    const { sandboxes, openWindow, folder } = services();
    const creating = sandboxes.create({ spec: spec({ env: { TOKEN: "secret" } }), folder }, signal());
    await asked.promise;
    assert.equal(await openWindow().ownership.exclusively(() => Promise.resolve("in")), "in");
    unlocked.resolve(undefined);
    await creating;
    assert.ok(await keyring.get(`modalSandboxes.env.${(await creating).name}`));
  });
});
