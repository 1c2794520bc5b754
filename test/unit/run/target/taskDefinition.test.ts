import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { noOptions } from "../../../../src/run/target/runOptions";
import { parseTask } from "../../../../src/run/target/taskDefinition";

describe("a task of tasks.json", () => {
  it("runs a file, a module or a command", () => {
    for (const kind of ["file", "module", "command"] as const)
      assert.deepEqual(parseTask({ type: "modal", [kind]: "train" }), {
        what: { kind, name: "train" },
        options: noOptions,
        place: undefined,
      });
  });

  it("has arguments, environment, working directory, and a GPU or a spec", () => {
    const options = { args: ["--epochs", "3"], env: { MODE: "fast" }, workdir: "src" };
    assert.deepEqual(parseTask({ file: "train.py", ...options, gpu: "H100:2" }), {
      what: { kind: "file", name: "train.py" },
      options,
      place: { gpu: { type: "H100", count: 2 } },
    });
    assert.deepEqual(parseTask({ file: "train.py", gpu: "CPU" }).place, { gpu: undefined });
    assert.deepEqual(parseTask({ file: "train.py", spec: "big" }).place, { spec: "big" });
  });

  it("is refused with a message if it is invalid", () => {
    const cases: [Record<string, unknown>, RegExp][] = [
      [{}, /exactly one of "file", "module" or "command"/],
      [{ file: "a", command: "b" }, /exactly one of/],
      [{ file: "" }, /"file" must be a string/],
      [{ file: "a", args: "--fast" }, /"args" must be a list/],
      [{ command: "a", args: ["b"] }, /not into "args"/],
      [{ file: "a", env: { A: 1 } }, /"env" must have a string/],
      [{ file: "a", workdir: 1 }, /"workdir" must be a string/],
      [{ file: "a", gpu: "V100" }, /"gpu" must be a GPU type/],
      [{ file: "a", gpu: "T4", spec: "big" }, /not both/],
    ];
    for (const [task, message] of cases) assert.throws(() => parseTask(task), message);
  });
});
