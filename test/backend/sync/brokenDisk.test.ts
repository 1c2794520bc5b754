import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { UserError } from "../../../src/base/errors";
import { collect } from "../../../src/modal/exec";
import { listRates } from "../../../src/modal/rates";
import { Sweep } from "../../../src/run/sweep/sweep";
import { SweepSandboxes } from "../../../src/run/sweep/sweepSandboxes";
import { closeWindow } from "../../../src/sandboxes/ownership/closing";
import { silentLog } from "../../unit/support/fakes";
import { breakages } from "../support/brokenDisk";
import { fileTarget, Screen, spec, startServices, type Services } from "../support/services";

const soon = () => AbortSignal.timeout(20_000);

for (const { name, inflict } of breakages)
  describe(`if the records of sandboxes cannot be written because ${name}`, function () {
    this.timeout(60_000);
    let base: string;
    let storageFolder: string;
    let services: Services;
    before(async () => {
      base = mkdtempSync(join(tmpdir(), "broken-disk-"));
      storageFolder = join(base, "storage");
      services = await startServices({ storageFolder });
    });
    after(async () => {
      await services.stop();
      rmSync(base, { recursive: true, force: true });
    });

    const create = (window: Pick<Services, "sandboxes"> = services) =>
      window.sandboxes.create({ spec: spec(), folder: "/broken" }, soon());
    const listed = async () => new Set((await services.gateway.list(soon())).map(({ id }) => id));
    /** Runs `act` while the folder is broken, and repairs the folder afterwards. */
    const whileBroken = async (context: Mocha.Context, act: () => Promise<void>) => {
      const restore = inflict(storageFolder, context);
      try {
        await act();
      } finally {
        restore();
      }
    };

    it("terminating a sandbox ends it, and the state reports the problem with the records", async function () {
      const { key, phase } = await create();
      await whileBroken(this, async () => {
        await services.sandboxes.terminate(key, soon());
        assert.equal(services.store.get(key), undefined);
        assert.ok(!(await listed()).has(phase.id));
        assert.match(services.ownership.problem ?? "", new RegExp(`${storageFolder} can't be written`));
      });
      await create();
      assert.equal(services.ownership.problem, undefined);
    });

    it("a refresh still lists the running sandboxes, so that all of them can be terminated", async function () {
      const { phase } = await create();
      const other = services.openWindow();
      const theirs = await create(other);
      await whileBroken(this, async () => {
        await services.refresh();
        for (const id of [phase.id, theirs.phase.id])
          assert.equal(services.store.findById(id)?.phase.kind, "running", `${id} is listed`);
        assert.notEqual(services.store.findById(theirs.phase.id)?.holder, "thisWindow");
        for (const { key } of services.store.all) await services.sandboxes.terminate(key, soon());
        assert.deepEqual([...(await listed())], []);
      });
    });

    it("a window that closes still terminates the marked sandboxes", async function () {
      const window = services.openWindow();
      const { phase } = await create(window);
      await whileBroken(this, async () => {
        await closeWindow("terminate", { ...window, log: silentLog }, soon());
        assert.ok(!(await listed()).has(phase.id));
      });
    });

    it("a sandbox whose files could not be found again is not paused: it keeps running, and the user is notified", async function () {
      const { snapshots, store, exec } = services;
      const sandbox = await create();
      await whileBroken(this, async () => {
        await assert.rejects(
          snapshots.pause(sandbox, soon()),
          (error) =>
            error instanceof UserError && /wasn't paused and keeps running: .* can't be written/.test(error.message),
        );
        assert.equal(store.get(sandbox.key)?.phase.kind, "running");
        const { stdout } = await collect(await exec.exec(sandbox.phase.id, ["echo", "here"], {}, soon()));
        assert.equal(stdout, "here\n");
      });
      await snapshots.pause(sandbox, soon());
      assert.equal(store.get(sandbox.key), undefined);
    });

    for (const part of ["reservations", "lock"])
      it(`a sandbox is paused if its files can be found again, whatever ${part} contains`, async function () {
        const sandbox = await create();
        mkdirSync(join(storageFolder, part), { recursive: true });
        const restore = inflict(join(storageFolder, part), this);
        try {
          await services.snapshots.pause(sandbox, soon());
        } finally {
          restore();
        }
        const { scope } = services.ownership;
        const kept = (await services.kept.all(scope)).find(({ sandboxName }) => sandboxName === sandbox.name);
        assert.equal(kept?.isPaused, true);
      });

    it("a sandbox that cannot be recorded is not created, and the next one is as soon as it can be", async function () {
      const window = services.openWindow();
      const before = await listed();
      await whileBroken(this, async () => {
        await assert.rejects(
          create(window),
          (error) => error instanceof UserError && error.message.startsWith("No sandbox was created"),
        );
        assert.deepEqual(await listed(), before);
        assert.deepEqual(window.store.all, []);
      });
      assert.ok((await listed()).size === before.size);
      await create(window);
    });

    it("the sandboxes of a sweep end with it", async function () {
      await services.write("wait.sh", "echo ready; while [ ! -e /tmp/go ]; do sleep 0.05; done");
      const { store, folder, exec } = services;
      const request = { target: fileTarget("wait.sh"), folder, remotePath: "/workspace" };
      const rates = { current: listRates };
      const offerOther = () => Promise.resolve(undefined);
      const options = { ...services, id: "lanes", offerOther, rates, log: silentLog, request, spec: spec({ cpu: 2 }) };
      const lanes = new SweepSandboxes(options);
      const sweep = new Sweep([{ args: [] }], { parallel: 1, dollars: undefined }, lanes, services.clock);
      const [run] = sweep.entries.flatMap((entry) => entry.run ?? []);
      assert.ok(run);
      await new Screen(run).shows("ready");
      const sandbox = store.get(run.sandboxKey ?? "");
      assert.ok(sandbox?.phase.kind === "running");
      const { id } = sandbox.phase;
      await whileBroken(this, async () => {
        await collect(await exec.exec(id, ["touch", "/tmp/go"], {}, soon()));
        await sweep.finished;
        assert.ok(!(await listed()).has(id));
      });
    });
  });
