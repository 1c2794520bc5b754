import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, describe, it } from "mocha";
import type { Sandbox } from "modal";
import { ClientError, Status } from "nice-grpc";
import { readFaultPlan } from "../../../src/local/faults/faultPlan";
import { useLocalBackend } from "../support/fixture";
import { eventually } from "../support/processes";
import { RawRouter } from "../support/routerClient";

describe("an injected fault", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "faults-"));
  const file = join(folder, "faults.json");
  const local = useLocalBackend({ arguments: ["--faults", file] });
  const plan = (faults: object) => writeFile(file, JSON.stringify(faults));
  const rule = (...rules: readonly object[]) => plan({ seed: 1, rules });

  afterEach(() => plan({}));
  after(() => rmSync(folder, { recursive: true }));

  const listRaw = () => local.modal.cpClient.sandboxListV2({ appId: local.app.appId }, { retries: 0 });
  const output = async (sandbox: Sandbox, ...argv: string[]) => (await sandbox.exec(argv)).stdout.readText();

  it("fails the next calls of a method, which the SDK retries, and no others", async () => {
    await rule({ rpc: "SandboxList*", times: 2, status: "UNAVAILABLE", message: "gone for a walk" });
    await assert.rejects(
      listRaw(),
      (error) => error instanceof ClientError && error.code === Status.UNAVAILABLE && error.details.includes("walk"),
    );
    for await (const sandbox of local.modal.sandboxes.list({ appId: local.app.appId })) assert.ok(sandbox);
    await listRaw();
  });

  it("fails the same share of calls for the same seed", async () => {
    const outcomes = async () => {
      await plan({ seed: 7, rules: [{ rpc: "SandboxListV2", share: 0.5, status: "INTERNAL" }] });
      const codes: string[] = [];
      for (let call = 0; call < 20; call++)
        codes.push(
          await listRaw().then(
            () => ".",
            () => "x",
          ),
        );
      await plan({});
      await listRaw();
      return codes.join("");
    };
    const first = await outcomes();
    assert.match(first, /x.*\..*x/);
    assert.equal(await outcomes(), first);
  });

  it("delays a call", async () => {
    await rule({ rpc: "SandboxListV2", latencyMs: 300 });
    const startedAt = performance.now();
    await listRaw();
    assert.ok(performance.now() - startedAt >= 295);
  });

  it("loses the answer to a create and to an exec, and each still happens exactly once", async () => {
    await rule({ rpc: "SandboxCreateV2", times: 1, after: true }, { rpc: "TaskExecStart", times: 1, after: true });
    const before = (await listRaw()).sandboxes.length;
    const sandbox = await local.create();
    assert.equal((await listRaw()).sandboxes.length, before + 1);
    await output(sandbox, "sh", "-c", "echo x >> /tmp/count");
    assert.equal(await output(sandbox, "cat", "/tmp/count"), "x\n");
  });

  it("breaks an output stream, which the SDK resumes without loss", async () => {
    const sandbox = await local.create();
    await rule({ rpc: "TaskExecStdioRead", times: 3, cutAfterBytes: 100_000 });
    const text = await output(sandbox, "seq", "100000");
    assert.ok(text === `${Array.from({ length: 100_000 }, (_, index) => index + 1).join("\n")}\n`);
  });

  it("breaks the output stream of a V1 sandbox, which the SDK resumes without loss", async () => {
    await rule({ rpc: "SandboxGetLogs", times: 3, cutAfterBytes: 20_000 });
    const sandbox = await local.create({ gpu: "T4", command: ["seq", "20000"] });
    await sandbox.wait();
    const { sandboxId } = sandbox;
    // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the SDK does not export the enum
    const raw = local.modal.cpClient.sandboxGetLogs({ sandboxId, fileDescriptor: 1, timeout: 5, lastEntryId: "0-0" });
    await assert.rejects(
      async () => {
        for await (const part of raw) assert.ok(part);
      },
      (error) => error instanceof ClientError && error.code === Status.UNAVAILABLE,
    );
    const lines = (await sandbox.stdout.readText()).split("\n").filter((line) => /^\d+$/.test(line));
    assert.deepEqual(
      lines,
      Array.from({ length: 20_000 }, (_, index) => String(index + 1)),
    );
  });

  it("breaks an upload, which the SDK resumes", async () => {
    const sandbox = await local.create();
    await rule({ rpc: "TaskExecStdinWriteStream", times: 2, cutAfterBytes: 300_000 });
    const data = new Uint8Array(1_000_000).map((_, index) => index % 251);
    await sandbox.filesystem.writeBytes(data, "/tmp/upload");
    assert.deepEqual(await sandbox.filesystem.readBytes("/tmp/upload"), data);
  });

  it("removes a sandbox while a program runs in it", async () => {
    const sandbox = await local.create();
    await rule({ rpc: "TaskExecStart", times: 1, endsSandboxAfterMs: 200 });
    const exec = await sandbox.exec(["sleep", "600"]);
    assert.equal(await sandbox.wait(), 137);
    assert.equal(await exec.wait(), 137);
  });

  it("removes a sandbox as soon as it is created", async () => {
    await rule({ rpc: "SandboxCreateV2", endsSandboxAfterMs: 0 });
    assert.equal(await (await local.create()).wait(), 137);
  });

  it("makes a GPU type unavailable for some seconds", async () => {
    await plan({ noCapacity: { h200: 1 } });
    const startedAt = Date.now();
    const sandbox = await local.create({ gpu: "H200" });
    assert.ok(Date.now() - startedAt >= 900);
    assert.equal(await sandbox.poll(), null);
  });

  it("returns capacity when the plan says so", async () => {
    await plan({ noCapacity: { H200: null } });
    const creating = local.create({ gpu: "H200" });
    assert.ok(
      await eventually(async () =>
        (await listRaw()).sandboxes.some(({ taskInfo }) => taskInfo?.gpuType === "H200" && taskInfo.startedAt === 0),
      ),
    );
    await plan({});
    assert.equal(await (await creating).poll(), null);
  });

  it("issues tokens that expire, and the SDK gets a new one", async () => {
    await plan({ tokenSeconds: 1 });
    const sandbox = await local.create();
    const router = await RawRouter.open(local.modal, sandbox);
    const isRefused = () =>
      router.start("true").then(
        () => false,
        (error: unknown) => error instanceof ClientError && error.code === Status.UNAUTHENTICATED,
      );
    assert.ok(await eventually(isRefused), "the old token is refused");
    assert.equal(await output(sandbox, "echo", "in again"), "in again\n");
    router.close();
  });

  it("adds a round trip to every call", async () => {
    await plan({ link: { roundTripMs: 100 } });
    const startedAt = performance.now();
    await listRaw();
    const took = performance.now() - startedAt;
    assert.ok(took >= 98, `${took} ms`);
  });

  it("limits the bandwidth", async () => {
    const sandbox = await local.create();
    await plan({ link: { bytesPerSecond: 2_000_000 } });
    const startedAt = performance.now();
    assert.equal((await output(sandbox, "head", "-c", "1000000", "/dev/zero")).length, 1_000_000);
    const took = performance.now() - startedAt;
    assert.ok(took >= 480, `${took} ms`);
  });

  it("stays unchanged while its file is invalid, and the log says why", async () => {
    await rule({ rpc: "SandboxListV2", status: "INTERNAL" });
    await assert.rejects(listRaw());
    await writeFile(file, `{ "rules": [{ "status": "NO_SUCH" }] }`);
    await assert.rejects(listRaw());
    assert.ok(await eventually(() => Promise.resolve(local.backend.log().includes('"NO_SUCH" is not a status code'))));
  });

  it("is refused if its plan has a part of the wrong type", () => {
    assert.throws(() => readFaultPlan(`{ "rules": {} }`), /"rules" must be a list/);
    assert.throws(() => readFaultPlan(`{ "rules": [{ "share": "half" }] }`), /"share" must be a number/);
  });
});
