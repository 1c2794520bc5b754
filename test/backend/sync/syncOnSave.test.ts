import assert from "node:assert/strict";
import { describe, it } from "mocha";

import { Deferred } from "../../../src/base/async";
import { SyncOnSave } from "../../../src/run/syncOnSave";
import type { PushResult } from "../../../src/sync/push/pushRequest";
import { exitCodeOf, fileTarget, Screen, spec, useServices } from "../support/services";

describe("sync on save", function () {
  this.timeout(60_000);
  const services = useServices();

  it("pushes what was saved only to the sandbox that has the folder", async () => {
    const { runs, store, pusher, folder, sandboxes } = services();
    const request = { target: fileTarget("show.sh"), folder, remotePath: "/workspace", specs: [spec()] };
    const run = async () => {
      const [only] = runs.start(request);
      assert.ok(only);
      const screen = new Screen(only);
      await exitCodeOf(only);
      return screen;
    };
    await services().write("show.sh", "cat data.txt; date >made.txt");
    await services().write("data.txt", "old");
    await run();
    const other = await sandboxes.create(
      { spec: spec({ cpu: 2 }), folder: "", onDidEnterStep: () => undefined },
      new AbortController().signal,
    );

    const errors: unknown[] = [];
    const results: PushResult[] = [];
    const synced = new Deferred<undefined>();
    const syncOnSave = new SyncOnSave({ store, pusher, runs, report: (error) => errors.push(error) });
    syncOnSave.onDidSync((result) => {
      results.push(result);
      synced.resolve(undefined);
    });
    try {
      await services().write("data.txt", "new and longer");
      for (let save = 0; save < 20; save += 1) syncOnSave.saved({ path: folder, remotePath: "/workspace" });
      await synced.promise;
      const screen = await run();
      assert.equal(screen.text, "new and longer");
      assert.ok(screen.steps.includes("Already in sync"), screen.steps.join("; "));
      assert.deepEqual([errors, results.map(({ files }) => files)], [[], [1]]);
      const key = { sandboxId: other.phase.id, remotePath: "/workspace", root: folder };
      assert.equal(await pusher.hasPushed(key), false);
    } finally {
      syncOnSave.dispose();
    }
  });
});
