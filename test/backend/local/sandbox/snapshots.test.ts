import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "mocha";
import type { Image, Sandbox } from "modal";
import { needOverlay } from "../../support/abilities";
import { useLocalBackend } from "../../support/fixture";
import { eventually } from "../../support/processes";
import { RawRouter } from "../../support/routerClient";

describe("a snapshot of the local backend", function () {
  this.timeout(60_000);
  const local = useLocalBackend();

  const outputIn = async (sandbox: Sandbox, script: string): Promise<string> => {
    const process = await sandbox.exec(["sh", "-c", `{ ${script}\n} 2>&1`]);
    return process.stdout.readText();
  };
  const createFrom = (image: Image) => local.modal.sandboxes.create(local.app, image);

  it("contains all written, changed and removed files, and the image's environment", async () => {
    const image = local.modal.images
      .fromRegistry("debian")
      .dockerfileCommands(["ENV A=1", "WORKDIR /srv", "RUN mkdir /made && touch /made/a /made/b"]);
    const sandbox = await local.modal.sandboxes.create(local.app, image);
    await outputIn(sandbox, "echo x > /x; echo t > /tmp/t; rm -r /made; mkdir /made; touch /made/c");
    const copy = await createFrom(await sandbox.snapshotFilesystem());
    assert.equal(await outputIn(copy, "cat /x /tmp/t; ls /made; echo $A $PWD"), "x\nt\nc\n1 /srv\n");
  });

  it("contains changes of the machine's own folders", async function () {
    needOverlay(this, local);
    const sandbox = await local.create();
    await outputIn(sandbox, "echo x > /usr/x; rm -r /etc/cron.daily");
    const copy = await createFrom(await sandbox.snapshotFilesystem());
    assert.match(await outputIn(copy, "cat /usr/x; ls /etc/cron.daily"), /^x\n.*No such file.*\n$/);
  });

  it("is independent of the sandbox that it was taken from, and of those created from it", async () => {
    const sandbox = await local.create();
    await outputIn(sandbox, "mkdir /data; echo 1 > /data/n");
    const image = await sandbox.snapshotFilesystem();
    const [one, two] = await Promise.all([createFrom(image), createFrom(image)]);
    await Promise.all([
      outputIn(sandbox, "echo 2 > /data/n"),
      outputIn(one, "echo 3 >> /data/n; touch /data/one"),
      outputIn(two, "rm /data/n"),
    ]);
    assert.equal(await outputIn(one, "cat /data/n"), "1\n3\n");
    assert.equal(await outputIn(two, "ls /data"), "");
    assert.equal(await outputIn(await createFrom(image), "cat /data/n; ls /data"), "1\nn\n");
  });

  it("can be taken of a sandbox that was created from a snapshot, many times over", async () => {
    let sandbox = await local.create();
    for (let round = 0; round < 5; round += 1) {
      await outputIn(sandbox, `echo ${round} >> /rounds; touch /round-${round}; rm -f /round-${round - 1}`);
      sandbox = await createFrom(await sandbox.snapshotFilesystem());
    }
    assert.equal(await outputIn(sandbox, "cat /rounds; ls -d /round-*"), "0\n1\n2\n3\n4\n/round-4\n");
  });

  it("can be taken while programs write", async () => {
    const sandbox = await local.create({
      command: ["sh", "-c", "mkdir /busy; while :; do echo x > /busy/new; mv /busy/new /busy/old; rm /busy/old; done"],
    });
    await outputIn(sandbox, "touch /kept");
    for (let round = 0; round < 5; round += 1) {
      const copy = await createFrom(await sandbox.snapshotFilesystem());
      assert.equal(await outputIn(copy, "ls -d /kept"), "/kept\n");
    }
  });

  it("is the same one for the same request", async () => {
    const sandbox = await local.create();
    const request = { snapshotId: randomUUID(), ttlSeconds: -1 };
    const router = await rawDisk(sandbox);
    const [one, two] = await Promise.all([router.snapshot(request), router.snapshot(request)]);
    assert.equal(one, two);
    assert.notEqual(await router.snapshot({ ...request, snapshotId: randomUUID() }), one);
    router.close();
  });

  it("lives as long as requested", async () => {
    const sandbox = await local.create();
    const short = await sandbox.snapshotFilesystem({ ttlMs: 1000 });
    const long = await sandbox.snapshotFilesystem({ ttlMs: null });
    const expired = () => local.modal.images.fromId(short.imageId).then(() => false, isNotFound);
    assert.ok(await eventually(expired));
    await assert.rejects(createFrom(short), /Could not find image/);
    await createFrom(long);
  });

  it("of a folder can be mounted, changed there, and unmounted again", async () => {
    const sandbox = await local.create();
    await outputIn(
      sandbox,
      "mkdir -p /data/deep; echo 1 > /data/deep/n; ln -s deep/n /data/link; echo h > /data/.hidden",
    );
    const image = await sandbox.snapshotDirectory("/data");
    const other = await local.create();
    await other.mountImage("/mnt/data", image);
    assert.equal(await outputIn(other, "cat /mnt/data/link /mnt/data/.hidden"), "1\nh\n");
    await outputIn(other, "echo 2 > /mnt/data/deep/n; rm /mnt/data/link; touch /mnt/data/new");
    const changed = await other.snapshotDirectory("/mnt/data");
    await other.unmountImage("/mnt/data");
    assert.equal(await outputIn(other, "ls -A /mnt/data"), "");
    await other.mountImage("/again", changed);
    await other.mountImage("/first", image);
    assert.equal(await outputIn(other, "ls -A /again; cat /again/deep/n /first/link"), ".hidden\ndeep\nnew\n2\n1\n");
  });

  it("is not needed for a mount: an empty folder then hides the earlier content", async () => {
    const sandbox = await local.create();
    await outputIn(sandbox, "mkdir /data; touch /data/hidden");
    await sandbox.mountImage("/data");
    assert.equal(await outputIn(sandbox, "ls /data; touch /data/own && ls /data"), "own\n");
    await sandbox.unmountImage("/data");
    assert.equal(await outputIn(sandbox, "ls /data"), "hidden\n");
  });

  it("is refused if the request is invalid", async () => {
    const sandbox = await local.create();
    await assert.rejects(sandbox.snapshotDirectory("/no/such/folder"), /There is no folder \/no\/such\/folder/);
    for (const path of ["/", "/proc/x", "relative", "/a/../b"])
      await assert.rejects(sandbox.mountImage(path), /mounted at|absolute path/, path);
    await assert.rejects(sandbox.unmountImage("/nothing"), /No image is mounted/);
    await assert.rejects(
      sandbox.mountImage("/x", await local.modal.images.fromRegistry("debian").build(local.app)),
      /no files of its own/,
    );
    await sandbox.mountImage("/used");
    const user = await sandbox.exec(["sh", "-c", "cd /used; echo here; cat"]);
    await user.stdout.getReader().read();
    await assert.rejects(sandbox.unmountImage("/used"), /busy/);
    await sandbox.terminate();
    await assert.rejects(sandbox.snapshotFilesystem(), /has ended/);
  });

  for (const { title, params, end } of [
    { title: "is terminated", params: {}, end: (sandbox: Sandbox) => sandbox.terminate() },
    { title: "times out", params: { timeoutMs: 1000 }, end: undefined },
    { title: "is idle", params: { idleTimeoutMs: 1000 }, end: undefined },
    { title: "ends by itself", params: { command: ["sh", "-c", "sleep 0.7"] }, end: undefined },
  ])
    it(`is kept of a sandbox that ${title}, on request`, async () => {
      const sandbox = await local.create({ ...params, experimentalOptions: { enable_exit_snapshot: true } });
      await outputIn(sandbox, "echo kept > /kept");
      await assert.rejects(sandbox.experimentalGetExitSnapshot({ timeoutMs: 0 }), { name: "TimeoutError" });
      await end?.(sandbox);
      const copy = await createFrom(await sandbox.experimentalGetExitSnapshot());
      assert.equal(await outputIn(copy, "cat /kept"), "kept\n");
    });

  it("is not kept of a sandbox that did not request it", async () => {
    const sandbox = await local.create();
    await assert.rejects(sandbox.experimentalGetExitSnapshot(), { name: "InvalidError" });
  });

  const gigabyte = "mkdir /gigabyte && for i in 0 1 2 3; do head -c 250000000 /dev/zero > /gigabyte/$i; done";

  it("of a root of 1 GB takes well under a second", async () => {
    const image = local.modal.images.fromRegistry("debian").dockerfileCommands([`RUN ${gigabyte}`]);
    const sandbox = await local.modal.sandboxes.create(local.app, image);
    await requireFastSnapshot(sandbox);
  });

  it("of the sandbox's own writes is as fast while no program runs, and does not disturb the sandbox", async () => {
    const sandbox = await local.create({ encryptedPorts: [8000] });
    await outputIn(sandbox, gigabyte);
    await requireFastSnapshot(sandbox);
    await outputIn(sandbox, "echo 2 > /gigabyte/new; rm /gigabyte/1");
    const next = await createFrom(await sandbox.snapshotFilesystem());
    assert.equal(await outputIn(next, "cat /gigabyte/new; ls /gigabyte"), "2\n0\n2\n3\nnew\n");
    assert.equal(await sandbox.poll(), null);
  });

  it("leaves running programs and their files alone", async () => {
    const sandbox = await local.create();
    await outputIn(sandbox, "head -c 50000000 /dev/zero > /large; echo kept > /dev/shm/kept");
    const program = await sandbox.exec(["sh", "-c", "echo ready; read -r line; echo $line"]);
    await sandbox.snapshotFilesystem();
    await program.stdin.writeText("still here\n");
    assert.equal(await program.stdout.readText(), "ready\nstill here\n");
    const [one, two] = await Promise.all([sandbox.snapshotFilesystem(), sandbox.snapshotFilesystem()]);
    assert.equal(await outputIn(sandbox, "cat /dev/shm/kept"), "kept\n");
    for (const image of [one, two])
      assert.equal(await outputIn(await createFrom(image), "du -sb /large | cut -f1"), "50000000\n");
  });

  /** Compares with a create, which shows how busy the machine is. Copying a gigabyte takes many times as long. */
  async function requireFastSnapshot(sandbox: Sandbox): Promise<void> {
    await outputIn(sandbox, "echo 1 > /gigabyte/new; sync");
    const began = performance.now();
    await local.create();
    const createMs = performance.now() - began;
    const started = performance.now();
    const snapshot = await sandbox.snapshotFilesystem();
    const tookMs = performance.now() - started;
    console.log(`      snapshot: ${tookMs.toFixed(0)} ms, create: ${createMs.toFixed(0)} ms`);
    assert.equal(
      await outputIn(await createFrom(snapshot), "cat /gigabyte/new; du -sb /gigabyte/0 | cut -f1"),
      "1\n250000000\n",
    );
    assert.ok(tookMs < 400 + 4 * createMs, `${tookMs} ms`);
  }

  async function rawDisk(sandbox: Sandbox) {
    const raw = await RawRouter.open(local.modal, sandbox);
    return {
      snapshot: async (request: { snapshotId: string; ttlSeconds: number }) =>
        (await raw.calls.taskSnapshotFilesystem({ taskId: raw.taskId, ...request })).imageId,
      close: raw.close,
    };
  }
});

const isNotFound = (error: unknown): boolean => error instanceof Error && error.name === "NotFoundError";
