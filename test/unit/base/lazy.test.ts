import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Lazy } from "../../../src/base/async";

describe("a value that is made on first use", () => {
  it("is made once for all who ask", async () => {
    let made = 0;
    const lazy = new Lazy(() => Promise.resolve(++made));
    assert.deepEqual(await Promise.all([lazy.get(), lazy.get()]), [1, 1]);
    assert.equal(await lazy.get(), 1);
  });

  it("is tried again after a failure, however it failed", async () => {
    const failures = [
      () => Promise.reject(new Error("later")),
      () => {
        throw new Error("at once");
      },
    ];
    const lazy = new Lazy(() => failures.shift()?.() ?? Promise.resolve("made"));
    await assert.rejects(lazy.get(), /later/);
    await assert.rejects(lazy.get(), /at once/);
    assert.equal(await lazy.get(), "made");
  });
});
