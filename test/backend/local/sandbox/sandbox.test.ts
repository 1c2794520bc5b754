import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { ClientError, Metadata, Status } from "nice-grpc";
import { skip } from "../../../support/skip";
import { needOwnRoot } from "../../support/abilities";
import { generations, useLocalBackend } from "../../support/fixture";
import { eventually, firstProcessOfSandbox, processesWith } from "../../support/processes";

for (const { generation, gpu } of generations)
  describe(`a sandbox of generation ${generation}`, function () {
    this.timeout(60_000);
    const local = useLocalBackend();

    it("has an id of its generation's shape", async () => {
      const { sandboxId } = await local.create(gpu);
      assert.equal(/^sb-[0-9A-Za-z]{22}$/.test(sandboxId), generation === "V1");
    });

    it("runs its command to the end and returns its exit code and both outputs", async () => {
      const sandbox = await local.create({ ...gpu, command: ["sh", "-c", "echo out; echo grün ✓ >&2; exit 7"] });
      assert.equal(await sandbox.wait(), 7);
      assert.equal(await sandbox.poll(), 7);
      assert.equal(lastLine(await sandbox.stdout.readText()), "out");
      assert.equal(await sandbox.stderr.readText(), "grün ✓\n");
    });

    it("says on its first line that it has no GPU", async function () {
      if (generation === "V2") skip(this, "by design: sandboxes of generation V2 ask for no GPU");
      const sandbox = await local.create({ ...gpu, command: ["echo", "mine"] });
      const [first, second] = (await sandbox.stdout.readText()).split("\n");
      assert.match(first ?? "", /no NVIDIA GPU on this machine; this T4 sandbox runs on the CPU/);
      assert.equal(second, "mine");
    });

    it("passes its stdin to its command", async () => {
      const sandbox = await local.create({ ...gpu, command: ["cat"] });
      const writer = sandbox.stdin.getWriter();
      await writer.write("one ");
      await writer.write("two\n");
      await writer.close();
      assert.equal(lastLine(await sandbox.stdout.readText()), "one two");
      assert.equal(await sandbox.wait(), 0);
    });

    it("gives its command a terminal on request", async () => {
      const sandbox = await local.create({ ...gpu, command: ["sh", "-c", "test -t 1 && stty size"], pty: true });
      assert.match(await sandbox.stdout.readText(), /24 80\r\n$/);
      assert.equal(await sandbox.wait(), 0);
    });

    it("gives its command the requested environment, secrets and working directory", async () => {
      const secret = await local.modal.secrets.fromObject({ A: "secret", B: "b" });
      const sandbox = await local.create({
        ...gpu,
        command: ["sh", "-c", "echo $A $B $C $MODAL_SANDBOX_ID ${PWD##*/}"],
        env: { A: "env", C: "two words" },
        secrets: [secret],
        workdir: "/workspace/made for it",
      });
      const line = lastLine(await sandbox.stdout.readText());
      assert.match(line, new RegExp(`^(env|secret) b two words ${sandbox.sandboxId} made for it$`));
    });

    it("keeps multi-byte characters of a long output intact", async () => {
      const count = 100_000;
      const sandbox = await local.create({ ...gpu, command: ["sh", "-c", `yes 'a✓ü😀' | head -n ${count}`] });
      const output = (await sandbox.stdout.readText()).replace(/^local backend: .*\n/, "");
      assert.ok(output === "a✓ü😀\n".repeat(count), "nothing is missing, nothing is broken");
    });

    it("returns 127 and a line on stderr for a command that does not exist", async () => {
      const sandbox = await local.create({ ...gpu, command: ["no-such-program"] });
      assert.equal(await sandbox.wait(), 127);
      assert.match(await sandbox.stderr.readText(), /no-such-program/);
    });

    it("is alive until it is terminated, then returns 137, and accepts a second terminate", async () => {
      const sandbox = await local.create(gpu);
      assert.equal(await sandbox.poll(), null);
      assert.equal(await sandbox.terminate({ wait: true }), 137);
      await sandbox.terminate();
      assert.equal(await sandbox.poll(), 137);
    });

    it("ends with 124 after its timeout", async () => {
      const sandbox = await local.create({ ...gpu, command: ["sleep", "600"], timeoutMs: 1000 });
      assert.equal(await sandbox.wait(), 124);
    });

    it("ends when it has been idle, but not while an exec runs", async () => {
      const sandbox = await local.create({ ...gpu, idleTimeoutMs: 1000 });
      const busy = await sandbox.exec(["sleep", "1.5"]);
      assert.equal(await busy.wait(), 0, "it outlived the idle time");
      assert.equal(await sandbox.poll(), null);
      await sandbox.wait();
      const { sandboxes } = await local.modal.cpClient.sandboxListV2({ appId: local.app.appId, includeFinished: true });
      const status = sandboxes.find(({ id }) => id === sandbox.sandboxId)?.taskInfo?.result?.status;
      assert.equal(status, 7, "GENERIC_STATUS_IDLE_TIMEOUT");
    });

    it("refuses execs with NOT_FOUND after its end, even through a new handle", async () => {
      const sandbox = await local.create(gpu);
      await sandbox.exec(["true"]);
      await sandbox.terminate();
      const again = await local.modal.sandboxes.fromId(sandbox.sandboxId);
      for (const handle of [sandbox, again])
        await assert.rejects(
          handle.exec(["true"]),
          (error) => error instanceof ClientError && error.code === Status.NOT_FOUND,
        );
    });

    it("ends a running exec's output and returns its signal when it is terminated", async () => {
      const sandbox = await local.create(gpu);
      const exec = await sandbox.exec(["sh", "-c", "echo started; sleep 600"]);
      const reader = exec.stdout.getReader();
      assert.deepEqual(await reader.read(), { done: false, value: "started\n" });
      const [exitCode, rest] = await Promise.all([exec.wait(), reader.read(), sandbox.terminate()]);
      assert.equal(exitCode, 137);
      assert.equal(rest.done, true);
    });

    it("ends as killed when its processes are killed, and is listed that way", async function () {
      needOwnRoot(this, local);
      const sandbox = await local.create({ ...gpu, tags: { fate: "lost" } });
      const marker = `4${Date.now()}`;
      await sandbox.exec(["sleep", marker]);
      const sleeper = (await processesWith(marker)).at(-1);
      assert.ok(sleeper);

      process.kill(await firstProcessOfSandbox(sleeper), "SIGKILL");

      assert.equal(await sandbox.wait(), 137);
      const filter = { appId: local.app.appId, includeFinished: true, tags: [{ tagName: "fate", tagValue: "lost" }] };
      const [listed] = (await local.modal.cpClient.sandboxListV2(filter)).sandboxes;
      assert.equal(listed?.taskInfo?.result?.status, 2, "GENERIC_STATUS_FAILURE");
    });

    it("has its own files", async function () {
      needOwnRoot(this, local);
      const [one, two] = await Promise.all([local.create(gpu), local.create(gpu)]);
      const write = await one.exec(["sh", "-c", "echo mine > /workspace/file && echo mine > /tmp/file"]);
      assert.equal(await write.wait(), 0, await write.stderr.readText());
      const list = await two.exec(["ls", "-A", "/workspace", "/tmp"]);
      assert.doesNotMatch(await list.stdout.readText(), /^file$/m);
      const read = await one.exec(["cat", "/workspace/file", "/tmp/file"]);
      assert.equal(await read.stdout.readText(), "mine\nmine\n");
    });

    it("reports its end to a new handle", async () => {
      const sandbox = await local.create({ ...gpu, command: ["sh", "-c", "exit 3"] });
      const again = await local.modal.sandboxes.fromId(sandbox.sandboxId);
      assert.equal(await again.wait(), 3);
      assert.equal(lastLine(await again.stdout.readText()), "");
    });
  });

describe("a sandbox whose GPU type is unavailable", function () {
  this.timeout(60_000);
  const local = useLocalBackend({ env: { MODAL_LOCAL_NO_CAPACITY: "B300, h200" } });

  it("stays queued until it is terminated", async () => {
    const creating = local.create({ gpu: "H200" });
    const list = async () => (await local.modal.cpClient.sandboxListV2({ appId: local.app.appId })).sandboxes;
    assert.ok(await eventually(async () => (await list()).length === 1));
    const [queued] = await list();
    assert.equal(queued?.taskInfo?.startedAt, 0);
    assert.deepEqual(await local.modal.cpClient.sandboxGetTaskId({ sandboxId: queued.id, timeout: 0.1 }), {
      taskId: undefined,
      taskResult: undefined,
    });

    const sandbox = await local.modal.sandboxes.fromId(queued.id);
    const [, refusal] = await Promise.allSettled([sandbox.terminate(), creating]);
    assert.equal(refusal.status === "rejected" && (refusal.reason as Error).name, "ConflictError");
  });

  it("does not keep other sandboxes from running", async () => {
    const sandbox = await local.create({ gpu: "T4" });
    assert.equal(await sandbox.poll(), null);
  });
});

describe("a create that is sent twice", function () {
  this.timeout(60_000);
  const local = useLocalBackend();

  it("creates one sandbox", async () => {
    const request = { appId: local.app.appId, definition: { imageId: local.image.imageId } };
    const create = () =>
      local.modal.cpClient.sandboxCreateV2(request, {
        retries: 0,
        metadata: Metadata({ "x-idempotency-key": "same" }),
      });
    const [one, two] = await Promise.all([create(), create()]);
    assert.equal(one.sandboxId, two.sandboxId);
    assert.notEqual((await local.modal.cpClient.sandboxCreateV2(request)).sandboxId, one.sandboxId);
  });
});

/** Drops the notice that a sandbox with a GPU prints first on a machine without one. */
const lastLine = (output: string): string =>
  output
    .trimEnd()
    .split("\n")
    .at(-1)
    ?.replace(/^local backend: .*$/, "") ?? "";
