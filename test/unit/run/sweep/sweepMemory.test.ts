import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { sweepMemory } from "../../../../src/run/sweep/sweepMemory";
import { secretStore } from "../../support/fakes";

describe("the memory of argument sets", () => {
  it("keeps the last ones of each file", async () => {
    const secrets = secretStore();
    await sweepMemory(secrets).remember("file:///a.py", [
      ["--lr", "0.1"],
      ["--lr", "0.2"],
    ]);
    await sweepMemory(secrets).remember("file:///b.py", [["--api-key", "s3cret"]]);
    await sweepMemory(secrets).remember("file:///a.py", [["two words", ""]]);
    assert.deepEqual(await sweepMemory(secrets).of("file:///a.py"), [["two words", ""]]);
    assert.deepEqual(await sweepMemory(secrets).of("file:///b.py"), [["--api-key", "s3cret"]]);
    assert.equal(await sweepMemory(secrets).of("file:///c.py"), undefined);
  });

  it("is limited: the file that was swept longest ago is dropped", async () => {
    const memory = sweepMemory(secretStore());
    for (let count = 0; count <= 50; count++) await memory.remember(String(count), [[String(count)]]);
    await memory.remember("1", [["again"]]);
    await memory.remember("51", [["51"]]);
    assert.deepEqual(await Promise.all(["0", "1", "2", "3"].map((file) => memory.of(file))), [
      undefined,
      [["again"]],
      undefined,
      [["3"]],
    ]);
  });

  it("drops what it cannot read", async () => {
    const secrets = secretStore();
    await secrets.store("modalSandboxes.sweepSets", JSON.stringify([["a", [["x"], [1]]], ["b", [["x"]]], "c", {}]));
    assert.deepEqual([await sweepMemory(secrets).of("a"), await sweepMemory(secrets).of("b")], [undefined, [["x"]]]);
  });
});
