import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "mocha";
import { ClientError, Status } from "nice-grpc";
import type { Sandbox } from "modal";
import { generations, useLocalBackend } from "../support/fixture";
import { createClient, startLocalBackend } from "../support/localBackend";
import { makeSecret } from "../support/namedSecret";

async function run(sandbox: Sandbox, script: string, params = {}): Promise<string> {
  const process = await sandbox.exec(["sh", "-c", script], params);
  return (await process.stdout.readText()).trim();
}

describe("a secret", function () {
  this.timeout(60_000);
  const local = useLocalBackend();
  const folders: string[] = [];
  after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

  const temporary = async () => {
    const folder = await mkdtemp(join(tmpdir(), "secrets-"));
    folders.push(folder);
    return folder;
  };

  it("is not found if it does not exist, in Modal's words", async () => {
    await assert.rejects(local.modal.secrets.fromName("missing"), {
      name: "NotFoundError",
      message: "Secret 'missing' not found",
    });
  });

  it("must have its required keys", async () => {
    await makeSecret(local.modal, "keys", { A: "1", B: "2" });
    const secret = await local.modal.secrets.fromName("keys", { requiredKeys: ["A", "B"] });
    assert.match(secret.secretId, /^st-/);
    await assert.rejects(local.modal.secrets.fromName("keys", { requiredKeys: ["A", "C", "D"] }), {
      name: "NotFoundError",
      message: "Secret is missing key(s): C, D",
    });
  });

  it("is created, replaced or refused according to its creation type", async () => {
    const first = await makeSecret(local.modal, "types", { A: "1" });
    assert.equal((await makeSecret(local.modal, "types", { A: "2" })).secretId, first.secretId);
    await assert.rejects(
      makeSecret(local.modal, "types", {}, { type: 2 }),
      (error) => error instanceof ClientError && error.code === Status.ALREADY_EXISTS,
    );
    await makeSecret(local.modal, "types", { C: "3" }, { type: 3 });
    await local.modal.secrets.fromName("types", { requiredKeys: ["C"] });
    await assert.rejects(local.modal.secrets.fromName("types", { requiredKeys: ["A"] }), { name: "NotFoundError" });
  });

  it("is listed, and stays deleted", async () => {
    const { secretId } = await makeSecret(local.modal, "listed", { A: "1" });
    const items = async () => (await local.modal.cpClient.secretList({})).items.map(({ label }) => label);
    assert.ok((await items()).includes("listed"));
    await local.modal.secrets.delete("listed");
    assert.ok(!(await items()).includes("listed"));
    await assert.rejects(local.modal.secrets.delete("listed"), { name: "NotFoundError" });
    await local.modal.secrets.delete("listed", { allowMissing: true });
    await assert.rejects(
      local.modal.cpClient.secretDelete({ secretId }),
      (error) => error instanceof ClientError && error.code === Status.NOT_FOUND,
    );
  });

  it("outlives the server, in a file that only its owner can read", async () => {
    const state = await temporary();
    const first = await startLocalBackend({ arguments: ["--state", state] });
    const before = createClient(first);
    await makeSecret(before, "kept", { TOKEN: "of yesterday" });
    before.close();
    await first.stop();
    assert.equal((await stat(join(state, "secrets.json"))).mode & 0o777, 0o600);

    const second = await startLocalBackend({ arguments: ["--state", state] });
    const modal = createClient(second);
    const app = await modal.apps.fromName("tests", { createIfMissing: true });
    const secrets = [await modal.secrets.fromName("kept")];
    const sandbox = await modal.sandboxes.create(app, modal.images.fromRegistry("debian"), { secrets });
    assert.equal(await run(sandbox, "echo $TOKEN"), "of yesterday");
    modal.close();
    await second.stop();
  });

  for (const { generation, gpu } of generations) {
    it(`from an object or by name reaches the command and every exec (${generation})`, async () => {
      await makeSecret(local.modal, "named", { NAMED: "n" });
      const sandbox = await local.create({
        ...gpu,
        command: ["sh", "-c", "echo $OBJECT $NAMED > /tmp/seen; sleep 60"],
        secrets: [
          await local.modal.secrets.fromObject({ OBJECT: "an object" }),
          await local.modal.secrets.fromName("named"),
        ],
      });
      assert.equal(await run(sandbox, "until [ -s /tmp/seen ]; do sleep 0.02; done; cat /tmp/seen"), "an object n");
      assert.equal(await run(sandbox, "echo $OBJECT $NAMED"), "an object n");
    });

    it(`is overridden by a later one, by the environment, and by an exec's own (${generation})`, async () => {
      const secret = (entries: Record<string, string>) => local.modal.secrets.fromObject(entries);
      const sandbox = await local.create({
        ...gpu,
        secrets: [await secret({ A: "1", B: "1", C: "1", D: "1" }), await secret({ B: "2", C: "2", D: "2" })],
        env: { C: "env", D: "env" },
      });
      assert.equal(await run(sandbox, "echo $A $B $C $D"), "1 2 env env");
      const own = { secrets: [await secret({ A: "x", D: "x", E: "x" })], env: { E: "own" } };
      assert.equal(await run(sandbox, "echo $A $B $C $D $E", own), "x 2 env x own");
      assert.equal(await run(sandbox, "echo $A$E"), "1");
    });
  }

  it("accepts only names and values that an environment can hold", async () => {
    await assert.rejects(local.modal.secrets.fromObject({ "1A": "x" }), { name: "InvalidError" });
    await assert.rejects(
      makeSecret(local.modal, "bad", { "A-B": "x" }),
      (error) => error instanceof ClientError && error.code === Status.INVALID_ARGUMENT,
    );
    const long = await local.modal.secrets.fromObject({ LONG: "x".repeat(32_769) });
    await assert.rejects(local.create({ gpu: "T4", secrets: [long] }), { name: "InvalidError" });
  });
});
