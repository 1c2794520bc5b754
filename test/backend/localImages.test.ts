import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { useLocalBackend } from "./support/fixture";

describe("an image of the local backend", function () {
  this.timeout(60_000);
  const local = useLocalBackend();

  const build = (tag: string) => local.modal.images.fromRegistry(tag).build(local.app);

  it("is there under every name that a registry could have", async () => {
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

  it("fails to build, as an unknown one does at Modal, where its name says that it does not exist", async () => {
    for (const tag of ["does-not-exist/at-all:latest", "python:nonexistent"])
      await assert.rejects(build(tag), /Image build for im-\w+ failed with the exception:\n.*was not found/);
  });

  it("fails to build where its name is none", async () => {
    for (const tag of ["Python", "python:", "a b", "https://example.com/x", "-x"])
      await assert.rejects(build(tag), /invalid reference format/, tag);
  });

  it("is the same for the same recipe, and another for another", async () => {
    const image = local.modal.images.fromRegistry("debian");
    const [one, two] = await Promise.all([build("debian"), image.build(local.app)]);
    assert.equal(one.imageId, two.imageId);
    assert.notEqual((await build("alpine")).imageId, one.imageId);
  });

  it("gives its ENV and its WORKDIR to what runs in it", async () => {
    const image = local.modal.images
      .fromRegistry("debian")
      .dockerfileCommands(["ENV A=1 B='two words'", 'ENV C="say \\"hi\\""'])
      .dockerfileCommands(["WORKDIR /srv", "WORKDIR app"]);
    const command = ["sh", "-c", 'echo "$A|$B|$C|$PWD"'];
    const sandbox = await local.modal.sandboxes.create(local.app, image, { command });
    assert.equal(await sandbox.stdout.readText(), '1|two words|say "hi"|/srv/app\n');
  });

  it("says that it cannot RUN rather than leave it out", async () => {
    const image = local.modal.images.fromRegistry("debian").dockerfileCommands(["RUN apt-get install -y git"]);
    await assert.rejects(image.build(local.app), /does not run RUN/);
  });

  it("can be found by its id until it is deleted", async () => {
    const { imageId } = await build("busybox");
    assert.equal((await local.modal.images.fromId(imageId)).imageId, imageId);
    await local.modal.images.delete(imageId);
    await assert.rejects(local.modal.images.fromId(imageId), { name: "NotFoundError" });
    await assert.rejects(local.modal.images.delete(imageId), { name: "NotFoundError" });
    assert.notEqual((await build("busybox")).imageId, imageId);
  });
});
