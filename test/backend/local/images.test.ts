import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "mocha";
import type { Image } from "modal";
import { needOverlay, needOwnRoot } from "../support/abilities";
import { useLocalBackend } from "../support/fixture";
import { createClient, startLocalBackend } from "../support/localBackend";
import { eventually, processesWith } from "../support/processes";

describe("an image of the local backend", function () {
  this.timeout(60_000);
  const local = useLocalBackend();

  const build = (tag: string) => local.modal.images.fromRegistry(tag).build(local.app);

  it("exists under every name that a registry could have", async () => {
    for (const tag of [
      "alpine",
      "python:3.12-slim",
      "nvidia/cuda:12.8.1-devel-ubuntu24.04",
      "ghcr.io/astral-sh/uv:0.9",
      "localhost:5000/team/tool_x:V1.2",
      `debian@sha256:${"a".repeat(64)}`,
    ])
      assert.match((await build(tag)).imageId, /^im-/, tag);
  });

  it("fails to build like an unknown image on Modal if its name says that it does not exist", async () => {
    for (const tag of ["does-not-exist/at-all:latest", "python:nonexistent"])
      await assert.rejects(build(tag), /Image build for im-\w+ failed with the exception:\n.*was not found/);
  });

  it("fails to build if its name is invalid", async () => {
    for (const tag of ["Python", "python:", "a b", "https://example.com/x", "-x"])
      await assert.rejects(build(tag), /invalid reference format/, tag);
  });

  it("has the same id for the same recipe, and another id for another recipe", async () => {
    const image = local.modal.images.fromRegistry("debian");
    const [one, two] = await Promise.all([build("debian"), image.build(local.app)]);
    assert.equal(one.imageId, two.imageId);
    assert.notEqual((await build("alpine")).imageId, one.imageId);
  });

  it("provides its ENV and its WORKDIR to programs", async () => {
    const image = local.modal.images
      .fromRegistry("debian")
      .dockerfileCommands(["ENV A=1 B='two words'", 'ENV C="say \\"hi\\""'])
      .dockerfileCommands(["WORKDIR /srv", "WORKDIR app"]);
    const command = ["sh", "-c", 'echo "$A|$B|$C|$PWD"'];
    const sandbox = await local.modal.sandboxes.create(local.app, image, { command });
    assert.equal(await sandbox.stdout.readText(), '1|two words|say "hi"|/srv/app\n');
  });

  it("contains the output of its RUN commands, each layer on top of the one before", async () => {
    const image = local.modal.images
      .fromRegistry("debian")
      .dockerfileCommands(["RUN mkdir -p /srv/tool && echo one > /srv/tool/a", "RUN echo two >> /srv/tool/a"])
      .dockerfileCommands(["WORKDIR /srv/tool", "RUN mv a \\\n b"]);
    assert.equal(await outputOf(image, "cat b; ls a 2>&1 | wc -l"), "one\ntwo\n1\n");
  });

  it("contains what its RUN commands install in /opt and in /usr/local", async function () {
    needOwnRoot(this, local);
    const image = local.modal.images
      .fromRegistry("debian")
      .dockerfileCommands(["RUN mkdir -p /opt/tool && echo one > /opt/tool/a && echo two > /usr/local/lib/image-test"])
      .dockerfileCommands([
        "RUN echo three >> /opt/tool/a",
        "RUN printf '#!/bin/sh\\necho installed\\n' > /usr/local/bin/image-test && chmod +x /usr/local/bin/image-test",
      ]);
    const script = "cat /opt/tool/a /usr/local/lib/image-test; image-test";
    assert.equal(await outputOf(image, script), "one\nthree\ntwo\ninstalled\n");
    assert.ok(!existsSync("/opt/tool/a") && !existsSync("/usr/local/bin/image-test"));
  });

  it("lacks the machine's files that its RUN commands removed", async function () {
    needOverlay(this, local);
    const image = local.modal.images.fromRegistry("debian").dockerfileCommands(["RUN rm -rf /etc/cron.daily"]);
    assert.equal(await outputOf(image, "ls /etc/cron.daily 2>&1 | wc -l"), "1\n");
  });

  it("runs its commands with ENV, ARG and secrets, of which only ENV is kept", async () => {
    const secret = await local.modal.secrets.fromObject({ TOKEN: "s3cret" });
    const image = local.modal.images
      .fromRegistry("debian")
      .dockerfileCommands(["ENV A=1 PATH=/opt/bin:$PATH", "ARG B=2", 'RUN ["sh", "-c", "echo $A$B$TOKEN > /result"]'], {
        secrets: [secret],
      });
    assert.match(
      await outputOf(image, 'cat /result; echo "$A|$B|$TOKEN|$PATH"'),
      /^12s3cret\n1\|\|\|\/opt\/bin:.*\/bin/,
    );
  });

  it("is built once for the same recipe, comes from the cache the second time, and is rebuilt on request", async () => {
    const recipe = (force: boolean) =>
      local.modal.images
        .fromRegistry("debian")
        .dockerfileCommands(["RUN sleep 2; date +%s%N > /built"], { forceBuild: force });
    const [one, two] = await Promise.all([recipe(false).build(local.app), recipe(false).build(local.app)]);
    assert.equal(one.imageId, two.imageId);
    const started = performance.now();
    assert.equal((await recipe(false).build(local.app)).imageId, one.imageId);
    assert.ok(performance.now() - started < 2000, "the cached build took as long as the command");
    assert.notEqual((await recipe(true).build(local.app)).imageId, one.imageId);
  });

  it("is a different image for a different secret", async () => {
    const build = async (value: string) => {
      const secrets = [await local.modal.secrets.fromObject({ VALUE: value })];
      const image = local.modal.images
        .fromRegistry("debian")
        .dockerfileCommands(["RUN echo $VALUE > /value"], { secrets });
      return (await image.build(local.app)).imageId;
    };
    assert.notEqual(await build("a"), await build("b"));
    assert.equal(await build("a"), await build("a"));
  });

  it("fails with the command and the end of its output", async () => {
    const image = local.modal.images
      .fromRegistry("debian")
      .dockerfileCommands(["RUN echo working; echo broken >&2; exit 3"]);
    await assert.rejects(
      image.build(local.app),
      /failed with the exception:\nRUN echo working; .* failed with exit code 3\.\n[^]*broken/,
    );
  });

  it("refuses unsupported instructions instead of skipping them", async () => {
    const fails = (command: string, message: RegExp) =>
      assert.rejects(
        local.modal.images.fromRegistry("debian").dockerfileCommands([command]).build(local.app),
        message,
        command,
      );
    await fails("COPY --from=busybox /bin/sh /sh", /cannot COPY --from/);
    await fails("ADD https://example.com/x /x", /cannot ADD/);
    await fails("RUN --mount=type=ssh true", /--mount=type=ssh/);
    await fails("RUNN true", /does not support the instruction RUNN/);
  });

  it("ignores the instructions that Modal ignores", async () => {
    const image = local.modal.images
      .fromRegistry("debian")
      .dockerfileCommands(['CMD ["x"]', "ENTRYPOINT x", "EXPOSE 80", "LABEL a=b", "USER nobody", "# RUN exit 1"]);
    assert.equal(await outputOf(image, "id -u"), "0\n");
  });

  it("returns its log line by line from where the reader stopped, and again on request", async () => {
    const id = await startBuild("RUN echo first; echo second; sleep 0.2; echo third");
    const read = async (lastEntryId: string, includeLogsForFinished = false) => {
      let text = "";
      let last = "";
      let status = 0;
      const request = { imageId: id, timeout: 55, lastEntryId, includeLogsForFinished };
      for await (const item of local.modal.cpClient.imageJoinStreaming(request)) {
        text += item.taskLogs.map(({ data }) => data).join("");
        if (item.entryId) last = item.entryId;
        status ||= item.result?.status ?? 0;
      }
      return { text, last, status };
    };

    const whole = await read("");
    assert.match(whole.text, /stands for this machine's own programs.*\n.*RUN echo.*\nfirst\nsecond\nthird\n$/);
    assert.equal(whole.status, 1);
    assert.deepEqual(await read(""), { text: "", last: "", status: 1 });
    assert.deepEqual(await read("", true), whole);
    assert.ok(whole.text.endsWith((await read("0", true)).text));
    assert.deepEqual(await read(whole.last, true), { text: "", last: "", status: 1 });
  });

  it("stops building when it is deleted", async () => {
    const id = await startBuild("RUN sleep 1009");
    await local.modal.images.delete(id);
    const results: unknown[] = [];
    for await (const { result } of local.modal.cpClient.imageJoinStreaming({ imageId: id, timeout: 55 }))
      results.push(result?.status);
    assert.deepEqual(results, [3]);
    assert.deepEqual(await processesWith("sleep\u00001009"), []);
    await assert.rejects(local.modal.images.fromId(id), { name: "NotFoundError" });
  });

  it("reports what this machine lacks, in its log and as the first output of a sandbox", async () => {
    for (const [tag, words] of [
      ["arm64v8/debian", /arm64.*this machine's own/],
      ["nvidia/cuda:12.8.1-devel-ubuntu24.04", /no NVIDIA GPU/],
    ] as const) {
      const image = await build(tag);
      if (existsSync("/dev/nvidiactl") && tag.includes("cuda")) continue;
      const sandbox = await local.modal.sandboxes.create(local.app, image, { command: ["echo", "program"] });
      const [first, second] = (await sandbox.stdout.readText()).split("\n");
      assert.match(first ?? "", words);
      assert.equal(second, "program");
    }
  });

  it("is found under its published name", async () => {
    const image = await build("busybox:published");
    await image.publish("box:v1");
    await image.publish("box");
    assert.equal((await local.modal.images.fromName("box:v1")).imageId, image.imageId);
    assert.equal((await local.modal.images.fromName("box")).imageId, image.imageId);
    await assert.rejects(local.modal.images.fromName("box:v2"), { name: "NotFoundError" });
  });

  it("is found by its id until it is deleted", async () => {
    const { imageId } = await build("busybox");
    assert.equal((await local.modal.images.fromId(imageId)).imageId, imageId);
    await local.modal.images.delete(imageId);
    await assert.rejects(local.modal.images.fromId(imageId), { name: "NotFoundError" });
    await assert.rejects(local.modal.images.delete(imageId), { name: "NotFoundError" });
    assert.notEqual((await build("busybox")).imageId, imageId);
  });

  async function outputOf(image: Image, script: string): Promise<string> {
    const sandbox = await local.modal.sandboxes.create(local.app, image, { command: ["sh", "-c", script] });
    return sandbox.stdout.readText();
  }

  async function startBuild(command: string): Promise<string> {
    const image = { dockerfileCommands: ["FROM debian", command] };
    return (await local.modal.cpClient.imageGetOrCreate({ appId: local.app.appId, image })).imageId;
  }
});

describe("the images of a local backend that restarts", function () {
  this.timeout(60_000);

  it("exist after the restart, with their layers", async () => {
    const stateDir = await mkdtemp(join(tmpdir(), "images-"));
    const build = async (command: string, isKilled: boolean) => {
      const backend = await startLocalBackend({ arguments: ["--state", stateDir] });
      const modal = createClient(backend);
      const app = await modal.apps.fromName("tests", { createIfMissing: true });
      const image = await modal.images.fromRegistry("debian").dockerfileCommands([command]).build(app);
      const sandbox = await modal.sandboxes.create(app, image, { command: ["cat", "/kept"] });
      const text = await sandbox.stdout.readText();
      modal.close();
      if (isKilled) backend.kill();
      else await backend.stop();
      await backend.exited;
      return { id: image.imageId, text };
    };
    const first = await build("RUN date +%N > /kept", true);
    assert.deepEqual(await build("RUN date +%N > /kept", false), first);
    await rm(stateDir, { recursive: true, force: true });
  });

  it("leave no unused layers behind", async () => {
    const stateDir = await mkdtemp(join(tmpdir(), "images-"));
    const backend = await startLocalBackend({ arguments: ["--state", stateDir] });
    const modal = createClient(backend);
    const app = await modal.apps.fromName("tests", { createIfMissing: true });
    const recipe = (command: string) => modal.images.fromRegistry("debian").dockerfileCommands([command]).build(app);
    const [doomed] = await Promise.all([recipe("RUN echo doomed > /x"), recipe("RUN echo kept > /x")]);
    const halfBuilt = { dockerfileCommands: ["FROM debian", "RUN sleep 1010"] };
    await modal.cpClient.imageGetOrCreate({ appId: app.appId, image: halfBuilt });
    await modal.images.delete(doomed.imageId);
    modal.close();
    backend.kill();
    await backend.exited;

    const next = await startLocalBackend({ arguments: ["--state", stateDir] });
    const [kind = ""] = await readdir(join(stateDir, "images"));
    const layers = join(stateDir, "images", kind, "layers");
    assert.ok(await eventually(async () => (await readdir(layers)).length === 1));
    await next.stop();
    await rm(stateDir, { recursive: true, force: true });
  });
});
