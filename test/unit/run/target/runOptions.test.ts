import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { describeOptions, noOptions, RunOptionsMemory, withOptions } from "../../../../src/run/target/runOptions";
import { secretStore } from "../../support/fakes";

const options = (...args: string[]) => ({ ...noOptions, args });

describe("the options of a run", () => {
  it("are summarized in a line", () => {
    assert.equal(describeOptions(noOptions), "no arguments");
    assert.equal(
      describeOptions({ args: ["--name", "Ada L."], env: { MODE: "fast" }, workdir: "src" }),
      "--name 'Ada L.' · MODE=fast · in src",
    );
  });

  it("are summarized without their secrets", () => {
    assert.equal(
      describeOptions({ args: ["--api-key", "s3cret", "a b"], env: { HF_TOKEN: "t0ken", MODE: "fast" }, workdir: "" }),
      "--api-key •••• 'a b' · HF_TOKEN=•••• MODE=fast",
    );
  });

  it("leave a target as it is if they are empty", () => {
    const target = { label: "a", program: "b", argv: ["b"], workdir: "notebooks" };
    assert.deepEqual(withOptions(target, noOptions), target);
    assert.deepEqual(withOptions(target, { args: ["x"], env: { A: "1" }, workdir: "src" }), {
      ...target,
      args: ["x"],
      env: { A: "1" },
      workdir: "src",
    });
  });
});

describe("the memory of run options", () => {
  it("has those of each file, latest first and without duplicates", async () => {
    const memory = new RunOptionsMemory(secretStore());
    for (const word of ["one", "two", "one"]) await memory.remember("a.py", options(word));
    await memory.remember("b.py", noOptions);
    assert.deepEqual(await memory.of("a.py"), [options("one"), options("two")]);
    assert.deepEqual(await memory.of("b.py"), [noOptions]);
    assert.deepEqual(await memory.of("c.py"), []);
  });

  it("keeps the last ten of a file", async () => {
    const memory = new RunOptionsMemory(secretStore());
    for (let count = 1; count <= 12; count++) await memory.remember("a.py", options(String(count)));
    assert.deepEqual(
      (await memory.of("a.py")).map(({ args }) => args[0]),
      ["12", "11", "10", "9", "8", "7", "6", "5", "4", "3"],
    );
  });

  it("drops what it cannot read", async () => {
    const secrets = secretStore();
    const stored = [["a.py", [{ args: [1], env: {}, workdir: "" }]], ["b.py", [noOptions]], "c.py"];
    await secrets.store("modalSandboxes.runOptions", JSON.stringify(stored));
    const memory = new RunOptionsMemory(secrets);
    assert.deepEqual([await memory.of("a.py"), await memory.of("b.py")], [[], [noOptions]]);
  });
});
