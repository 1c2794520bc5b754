import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Deferred, SerialQueue } from "../../../src/base/async";
import { isAbort } from "../../../src/base/errors";
import { SharedPulls } from "../../../src/run/sharedPulls";

describe("pulls that wait", () => {
  const never = new AbortController().signal;

  function turns() {
    const [pulls, queue] = [new SharedPulls(), new SerialQueue()];
    const begun: Deferred<string>[] = [];
    const signals: AbortSignal[] = [];
    const work = (signal: AbortSignal) => {
      const outcome = new Deferred<string>();
      begun.push(outcome);
      signals.push(signal);
      return outcome.promise;
    };
    const ask = (key: string, signal = never) => pulls.pull(key, work, (turn) => queue.run(turn), signal);
    return { ask, begun, signals };
  }
  const settled = () => new Promise(setImmediate);

  it("serve all callers that ask before they begin, and none that ask later", async () => {
    const { ask, begun } = turns();
    const first = ask("a");
    await settled();
    const later = [ask("a"), ask("a")];
    begun[0]?.resolve("one");
    assert.equal(await first, "one");
    await settled();
    begun[1]?.resolve("two");
    assert.deepEqual(await Promise.all(later), ["two", "two"]);
    assert.equal(begun.length, 2);
  });

  it("end when no caller waits for them", async () => {
    const { ask, begun, signals } = turns();
    const [one, other] = [new AbortController(), new AbortController()];
    const asked = [ask("a", one.signal), ask("a", other.signal)].map((outcome) =>
      outcome.catch((error: unknown) => error),
    );
    await settled();
    one.abort();
    await settled();
    assert.equal(signals.at(0)?.aborted, false);
    other.abort();
    for (const outcome of asked) assert.ok(isAbort(await outcome));
    assert.equal(signals.at(0)?.aborted, true);
    begun[0]?.resolve("too late");
  });
});
