import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { skip } from "../../../../support/skip";
import { ControlGroups } from "../../../../../src/local/isolation/process/controlGroups";

const LIMITS = { cpus: 0.5, memoryBytes: 256 * 1024 * 1024 };

// A tree of files such as systemd lays out: what the kernel would do with what is written is not to be seen here.
describe("control groups, version 2", () => {
  let base: string;
  let mount: string;

  beforeEach(async function () {
    if (process.platform !== "linux") skip(this, "needs Linux");
    base = await mkdtemp(join(tmpdir(), "groups-"));
    mount = join(base, "cgroup");
    await mkdir(join(base, "server"));
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  async function group(path: string, controllers: string): Promise<void> {
    await mkdir(join(mount, path), { recursive: true });
    await writeFile(join(mount, path, "cgroup.controllers"), "cpu memory pids\n");
    await writeFile(join(mount, path, "cgroup.subtree_control"), `${controllers}\n`);
    await writeFile(join(mount, path, "cgroup.procs"), "");
  }

  async function find(own: string): Promise<ControlGroups> {
    await writeFile(join(base, "own"), `0::${own}\n`);
    return ControlGroups.find(join(base, "server"), "marker", { mount, own: join(base, "own") });
  }

  it("are made next to the server's, with both limits", async () => {
    await group("/", "cpu memory pids");
    await group("/app.slice", "cpu memory");
    await group("/app.slice/code.scope", "");
    const groups = await find("/app.slice/code.scope");
    assert.equal(groups.description, "CPU and memory limits are enforced.");

    const made = await groups.create(LIMITS);
    const folder = join(mount, "app.slice", "modal-local-marker-1");
    assert.equal(await readFile(join(folder, "cpu.max"), "utf8"), "50000 100000");
    assert.equal(await readFile(join(folder, "memory.max"), "utf8"), "268435456");
    assert.equal(await readFile(join(folder, "memory.swap.max"), "utf8"), "0");
    assert.deepEqual(made?.prefix.slice(3), ["sh", join(folder, "cgroup.procs"), "--"]);
  });

  it("are made further up if more can be limited there", async () => {
    await group("/", "cpu memory pids");
    await group("/user.slice", "memory");
    await group("/user.slice/session.scope", "");
    const made = await (await find("/user.slice/session.scope")).create(LIMITS);
    assert.ok(made);
    assert.ok(existsSync(join(mount, "modal-local-marker-1")));
  });

  it("limit what they can, and report what they cannot", async () => {
    await group("/", "memory");
    const groups = await find("/");
    assert.equal(groups.description, "Only the memory limit is enforced.");
    await groups.create(LIMITS);
    assert.ok(!existsSync(join(mount, "modal-local-marker-1", "cpu.max")));
  });

  it("are not made if no group passes a controller on, or if nothing is limited", async () => {
    await group("/", "pids");
    const none = await find("/");
    assert.equal(none.description, "CPU and memory limits are not enforced.");
    assert.equal(await none.create(LIMITS), undefined);
    await group("/", "cpu memory");
    assert.equal(await (await find("/")).create({}), undefined);
    assert.deepEqual(
      (await readdir(mount)).filter((name) => name.startsWith("modal")),
      [],
    );
  });
});
