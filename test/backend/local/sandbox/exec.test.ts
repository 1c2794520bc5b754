import assert from "node:assert/strict";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import type { Sandbox, SandboxExecParams } from "modal";
import { ClientError, Status } from "nice-grpc";
import { generations, useLocalBackend } from "../../support/fixture";
import { eventually } from "../../support/processes";
import { RawRouter } from "../../support/routerClient";

const MB = 1_000_000;

for (const { generation, gpu } of generations)
  describe(`an exec in a sandbox of generation ${generation}`, function () {
    this.timeout(120_000);
    const local = useLocalBackend();
    let sandbox: Sandbox;
    let router: RawRouter;

    before(async () => {
      sandbox = await local.create({ ...gpu, timeoutMs: 600_000 });
      router = await RawRouter.open(local.modal, sandbox);
    });
    after(() => router.close());

    const shell = (script: string) => sandbox.exec(["sh", "-c", script]);
    const shellWith = (script: string, params: SandboxExecParams & { mode?: "text" }) =>
      sandbox.exec(["sh", "-c", script], params);

    it("returns both outputs and its own exit code", async () => {
      const exec = await shell("echo out; echo err >&2; exit 5");
      assert.equal(await exec.wait(), 5);
      assert.equal(await exec.stdout.readText(), "out\n");
      assert.equal(await exec.stderr.readText(), "err\n");
    });

    it("returns 128 plus the signal for a program that a signal ended", async () => {
      assert.equal(await (await shell("kill -TERM $$")).wait(), 143);
    });

    it("has the sandbox's environment with its own on top, and its own working directory", async () => {
      const secret = await local.modal.secrets.fromObject({ B: "b" });
      const exec = await shellWith("echo $A $B $PWD", { env: { A: "a b" }, secrets: [secret], workdir: "/tmp" });
      assert.equal(await exec.stdout.readText(), "a b b /tmp\n");
    });

    it("ends with 127 and a line on stderr if the program or the folder does not exist", async () => {
      const noProgram = await sandbox.exec(["no-such-program"]);
      assert.equal(await noProgram.wait(), 127);
      assert.match(await noProgram.stderr.readText(), /no-such-program/);
      const noFolder = await sandbox.exec(["true"], { workdir: "/no/such/folder" });
      assert.equal(await noFolder.wait(), 127);
      assert.match(await noFolder.stderr.readText(), /\/no\/such\/folder/);
    });

    it("is killed with its children when its time is up", async () => {
      const timed = { taskId: router.taskId, execId: randomUUID(), commandArgs: ["sh", "-c", "sleep 600 & sleep 600"] };
      await router.calls.taskExecStart({ ...timed, stdoutConfig: 1, timeoutSecs: 1 });
      assert.equal((await router.calls.taskExecWait(timed)).signal, 9);
      assert.equal(String(await router.stdout(timed)), "", "its children no longer hold the output open");
    });

    it("discards the outputs that the caller ignores", async () => {
      const exec = await shellWith("echo out; echo err >&2", { stdout: "ignore", stderr: "ignore" });
      assert.equal(await exec.wait(), 0);
      assert.equal(await exec.stdout.readText(), "");
    });

    it("gets a terminal of 24 by 80 on request, with all output on stdout", async () => {
      const exec = await shellWith("test -t 0 && test -t 1 && stty size; echo err >&2; echo $TERM", { pty: true });
      assert.equal(await exec.stdout.readText(), "24 80\r\nerr\r\nxterm-256color\r\n");
      assert.equal(await exec.stderr.readText(), "");
    });

    it("passes on a new size of its terminal that was set from inside", async () => {
      const script = "tty; trap 'stty size; exit' WINCH; while :; do sleep 0.05; done";
      const exec = await shellWith(script, { pty: true });
      const reader = exec.stdout.getReader();
      const [device = ""] = /\/dev\/\S+/.exec((await reader.read()).value ?? "") ?? [];
      await (await sandbox.exec(["stty", "-F", device, "rows", "50", "cols", "132"])).wait();
      assert.equal((await reader.read()).value, "50 132\r\n");
    });

    it("accepts almost 64 KiB of arguments, and no more", async () => {
      const exec = await sandbox.exec(["printf", "%s", "x".repeat(65_000)]);
      assert.equal((await exec.stdout.readText()).length, 65_000);
      await assert.rejects(sandbox.exec(["printf", "%s", "x".repeat(65_536)]), { name: "InvalidError" });
      const raw = router.start("printf", "%s", "x".repeat(65_536));
      await assert.rejects(raw, withCode(Status.INVALID_ARGUMENT));
    });

    it("waits for a slow reader, and lets it resume where it stopped", async () => {
      const exec = await router.start("seq", "400000");
      const signal = new AbortController();
      const parts: Uint8Array[] = [];
      const request = { ...exec, offset: 0, fileDescriptor: 0 };
      const left = (async () => {
        for await (const { data } of router.calls.taskExecStdioRead(request, { signal: signal.signal })) {
          parts.push(data);
          if (parts.length === 2) signal.abort();
        }
      })();
      await assert.rejects(left, { name: "AbortError" });
      await router.calls.taskExecWait(exec);
      for await (const { data } of router.calls.taskExecStdioRead({
        ...request,
        offset: Buffer.concat(parts).length,
      })) {
        parts.push(data);
        await new Promise(setImmediate);
      }
      const expected = `${Array.from({ length: 400_000 }, (_, index) => index + 1).join("\n")}\n`;
      assert.ok(String(Buffer.concat(parts)) === expected);
    });

    it("delivers output while it runs", async () => {
      const exec = await shell("echo one; read line; echo $line");
      const reader = exec.stdout.getReader();
      assert.equal((await reader.read()).value, "one\n");
      const writer = exec.stdin.getWriter();
      await writer.write("two\n");
      assert.equal((await reader.read()).value, "two\n");
      await writer.close();
    });

    it("receives all of 50 MB of input, in small and in large writes", async () => {
      for (const size of [100_000, 10 * MB]) {
        const exec = await sandbox.exec(["sha256sum"], { mode: "binary" });
        const hash = createHash("sha256");
        const writer = exec.stdin.getWriter();
        for (let sent = 0; sent < 50 * MB; sent += size) {
          const data = randomBytes(size);
          hash.update(data);
          await writer.write(data);
        }
        await writer.close();
        const sum = Buffer.from(await exec.stdout.readBytes()).toString();
        assert.equal(sum.slice(0, 64), hash.digest("hex"));
      }
    });

    it("counts a repeated write once, and refuses one that leaves a gap", async () => {
      const exec = await router.start("cat");
      const write = (offset: number, text: string, eof = false) =>
        router.calls.taskExecStdinWrite({ ...exec, offset, data: Buffer.from(text), eof });
      await write(0, "hello ");
      await write(0, "hello ");
      await write(3, "lo world");
      await assert.rejects(write(100, "!"), withCode(Status.FAILED_PRECONDITION));
      assert.deepEqual(await router.calls.taskExecStdinStatus(exec), { numBytesWritten: 11, closed: false });
      await write(11, "", true);
      await write(0, "", true);
      assert.equal(String(await router.stdout(exec)), "hello world");
    });

    it("resumes an interrupted upload at the offset from its status", async () => {
      const exec = await router.start("sha256sum");
      const data = randomBytes(5 * MB);
      async function* upload(from: number, to: number, isWhole: boolean) {
        yield await Promise.resolve({ start: { ...exec, offset: from } });
        for (let i = from; i < to; i += MB) yield { data: data.subarray(i, Math.min(to, i + MB)) };
        if (isWhole) yield { end: {} };
        else throw new Error("the connection broke");
      }
      await assert.rejects(router.calls.taskExecStdinWriteStream(upload(0, 3 * MB, false)));
      const { numBytesWritten, closed } = await router.calls.taskExecStdinStatus(exec);
      assert.equal(closed, false);
      await router.calls.taskExecStdinWriteStream(upload(numBytesWritten, 5 * MB, true));
      assert.equal((await router.calls.taskExecStdinStatus(exec)).closed, true);
      assert.equal(String(await router.stdout(exec)).slice(0, 64), sha256(data));
    });

    it("refuses input after the program has ended, but accepts its end", async () => {
      const exec = await router.start("true");
      await router.calls.taskExecWait(exec);
      const refused = router.calls.taskExecStdinWrite({ ...exec, data: Buffer.from("x") });
      await assert.rejects(refused, withCode(Status.FAILED_PRECONDITION));
      await router.calls.taskExecStdinWrite({ ...exec, eof: true });
    });

    it("starts a program once, however often the same exec is sent", async () => {
      const exec = await router.start("sh", "-c", "echo once; read line; exit 4");
      await router.calls.taskExecStart({ ...exec, commandArgs: ["echo", "twice"], stdoutConfig: 1 });
      assert.deepEqual(await router.calls.taskExecPoll(exec), { code: undefined, signal: undefined });
      await router.calls.taskExecStdinWrite({ ...exec, eof: true });
      assert.equal((await router.calls.taskExecWait(exec)).code, 4);
      assert.equal(String(await router.stdout(exec)), "once\n");
    });

    it("is answered with NOT_FOUND if it does not exist", async () => {
      const exec = { taskId: router.taskId, execId: "never-was" };
      await assert.rejects(router.calls.taskExecPoll(exec), withCode(Status.NOT_FOUND));
      await assert.rejects(router.stdout(exec), withCode(Status.NOT_FOUND));
    });

    it("keeps 100 MB of output byte for byte, on disk and not in memory, for reading from any offset", async () => {
      const make = await shell(`head -c ${100 * MB} /dev/urandom > /tmp/big; sha256sum /tmp/big`);
      const expected = (await make.stdout.readText()).slice(0, 64);

      const memory = await residentBytes(local.backend.pid);
      const exec = await router.start("cat", "/tmp/big");
      await router.calls.taskExecWait(exec);
      const output = await router.stdout(exec);
      const grownBy = (await residentBytes(local.backend.pid)) - memory;

      assert.equal(sha256(output), expected);
      assert.ok(grownBy < 60 * MB, `the server grew by ${grownBy / MB} MB`);
      assert.deepEqual(await router.stdout(exec, 99 * MB + 1), output.subarray(99 * MB + 1));
    });

    it("buffers little of 200 MB for a reader that pauses, and keeps all of it for later", async () => {
      const memory = await residentBytes(local.backend.pid);
      const exec = await router.start("head", "-c", String(200 * MB), "/dev/zero");
      let received = 0;
      for await (const { data } of router.calls.taskExecStdioRead({ ...exec, fileDescriptor: 0, offset: 0 })) {
        if (received === 0) await router.calls.taskExecWait(exec);
        received += data.length;
        if (received === data.length)
          assert.ok((await residentBytes(local.backend.pid)) - memory < 60 * MB, "the server grew");
      }
      assert.equal(received, 200 * MB);
    });

    it("delivers 100 MB to a reader of the SDK that reads at the same time", async () => {
      const exec = await sandbox.exec(
        ["sh", "-c", `head -c ${100 * MB} /dev/urandom | tee /tmp/copy; sha256sum < /tmp/copy >&2`],
        { mode: "binary" },
      );
      const hash = createHash("sha256");
      for await (const data of exec.stdout) hash.update(data);
      const [sum] = Buffer.from(await exec.stderr.readBytes())
        .toString()
        .split(" ");
      assert.equal(hash.digest("hex"), sum);
    });

    it("leaves nothing open in the server, whether its input was closed or not", async () => {
      const openPipes = async () => {
        const folder = `/proc/${local.backend.pid}/fd`;
        const names = (await readdir(folder)).map((name) => readlink(join(folder, name)).catch(() => ""));
        return (await Promise.all(names)).filter((name) => name.includes("/pipes/")).length;
      };
      const before = await openPipes();
      for (let i = 0; i < 10; i++) await (await sandbox.exec(["true"])).wait();
      assert.ok(await eventually(async () => (await openPipes()) <= before));
    });

    it("runs three hundred times concurrently", async () => {
      const outputs = await Promise.all(
        Array.from({ length: 300 }, async (_, index) =>
          (await sandbox.exec(["echo", String(index)])).stdout.readText(),
        ),
      );
      assert.deepEqual(
        outputs,
        outputs.map((_, index) => `${index}\n`),
      );
    });
  });

const withCode = (code: Status) => (error: unknown) => error instanceof ClientError && error.code === code;

const sha256 = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}
