import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Deferred } from "../../../src/base/async";
import { Poller } from "../../../src/base/poller";
import { silentLog } from "../support/fakes";

/** Polls under the test's control: each waits until it is told how it ended. */
class Task {
  readonly polls: { readonly signal: AbortSignal; readonly ended: Deferred<undefined> }[] = [];
  readonly poller = new Poller(
    (signal) => {
      const ended = new Deferred<undefined>();
      this.polls.push({ signal, ended });
      this.#started.resolve(undefined);
      this.#started = new Deferred();
      return ended.promise;
    },
    { name: "Test", intervalMs: 1, maxIntervalMs: 4, log: silentLog },
  );
  #started = new Deferred<undefined>();

  get next(): Promise<undefined> {
    return this.#started.promise;
  }
}

describe("a poller", () => {
  let task: Task;

  beforeEach(() => {
    task = new Task();
  });

  afterEach(() => task.poller.dispose());

  it("polls immediately when it is switched on, and again after each poll, failed or not", async () => {
    task.poller.setOn(true);
    assert.equal(task.polls.length, 1);
    const second = task.next;
    task.polls[0]?.ended.resolve(undefined);
    await second;
    const third = task.next;
    task.polls[1]?.ended.reject(new Error("no network"));
    await third;
    assert.equal(task.polls.length, 3);
  });

  it("never polls twice at the same time", async () => {
    task.poller.setOn(true);
    const joined = task.poller.poll();
    assert.equal(task.polls.length, 1);
    task.polls[0]?.ended.resolve(undefined);
    await joined;
  });

  it("aborts the current poll when it is switched off, and starts again when it is switched on", () => {
    task.poller.setOn(true);
    task.poller.setOn(false);
    assert.equal(task.polls[0]?.signal.aborted, true);
    task.poller.setOn(true);
    assert.equal(task.polls.length, 2);
    assert.equal(task.polls[1]?.signal.aborted, false);
  });

  it("reports a failed poll to the caller that asked for it", async () => {
    const asked = task.poller.poll();
    task.polls[0]?.ended.reject(new Error("no network"));
    await assert.rejects(asked, /no network/);
  });
});
