import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Lazy } from "../../../src/base/async";

describe("a lazy value", () => {
  it("is made once for all callers", async () => {
    let made = 0;
    const lazy = new Lazy(() => Promise.resolve(++made));
    assert.deepEqual(await Promise.all([lazy.get(), lazy.get()]), [1, 1]);
    assert.equal(await lazy.get(), 1);
  });

  it("is tried again after a failure of any kind", async () => {
    const failures = [
      () => Promise.reject(new Error("later")),
      () => {
        throw new Error("immediately");
      },
    ];
    const lazy = new Lazy(() => failures.shift()?.() ?? Promise.resolve("made"));
    await assert.rejects(lazy.get(), /later/);
    await assert.rejects(lazy.get(), /immediately/);
    assert.equal(await lazy.get(), "made");
  });
});
