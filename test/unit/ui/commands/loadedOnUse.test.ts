import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { loadedOnUse } from "../../../../src/ui/commands/loadedOnUse";

describe("commands that are loaded on first use", () => {
  it("are loaded once, and again only if that failed", async () => {
    let loads = 0;
    const table = loadedOnUse(["greet"], () => {
      loads += 1;
      if (loads === 1) throw new Error("The file is being replaced.");
      return Promise.resolve({ greet: () => "hello" });
    });
    await assert.rejects(Promise.resolve(table.greet?.()), /being replaced/);
    assert.equal(await table.greet?.(), "hello");
    assert.equal(await table.greet?.(), "hello");
    assert.equal(loads, 2);
  });
});
