import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import { UserError } from "../../../src/base/errors";
import { SecretGateway } from "../../../src/modal/secrets";
import { VolumeGateway } from "../../../src/modal/volumes";
import { collect } from "../../../src/modal/exec";
import { spec, useServices } from "../support/services";

const soon = () => AbortSignal.timeout(20_000);

describe("volumes and secrets", function () {
  this.timeout(60_000);
  const services = useServices();
  let volumes: VolumeGateway;
  let secrets: SecretGateway;
  before(() => {
    const { connection, clock } = services();
    volumes = new VolumeGateway(connection, () => "", clock);
    secrets = new SecretGateway(connection, () => "", clock);
  });

  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name).sort();

  it("are created, listed and deleted, and windows are notified", async () => {
    let changes = 0;
    volumes.onDidChangeVolumes(() => (changes += 1));
    secrets.onDidChangeSecrets(() => (changes += 1));
    await volumes.create("data", soon());
    await volumes.create("data", soon());
    await secrets.create("tokens", { A: "1" }, soon());
    const [volume] = await volumes.list(soon());
    assert.equal(volume?.name, "data");
    assert.ok(Math.abs(volume.createdAt - Date.now()) < 60_000, "created just now");
    assert.deepEqual(names(await secrets.list(soon())), ["tokens"]);

    await volumes.delete("data", soon());
    await secrets.delete("tokens", soon());
    await secrets.delete("tokens", soon());
    assert.deepEqual([...(await volumes.list(soon())), ...(await secrets.list(soon()))], []);
    assert.equal(changes, 6);
  });

  it("are all listed, however many there are", async () => {
    const wanted = Array.from({ length: 205 }, (_, index) => `volume-${String(index).padStart(3, "0")}`);
    for (const name of wanted) await volumes.create(name, soon());
    assert.deepEqual(names(await volumes.list(soon())), wanted);
  });

  it("do not replace an existing secret", async () => {
    await secrets.create("once", { A: "first" }, soon());
    await assert.rejects(
      secrets.create("once", { A: "second" }, soon()),
      (error) => error instanceof UserError && error.message.includes("already exists"),
    );
    const { sandboxes, exec } = services();
    const created = await sandboxes.create({ spec: spec({ secrets: ["once"] }), folder: "/x" }, soon());
    const { stdout } = await collect(await exec.exec(created.phase.id, ["printenv", "A"], {}, soon()));
    assert.equal(stdout, "first\n");
  });
});
