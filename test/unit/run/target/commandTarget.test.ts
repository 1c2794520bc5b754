import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { commandTarget, moduleTarget } from "../../../../src/run/target/commandTarget";

describe("a command line as a target", () => {
  it("is passed to a shell as it is", () => {
    const { argv } = commandTarget("pytest -q 'a b' | tee log");
    assert.deepEqual(argv.slice(-2), ["-c", "pytest -q 'a b' | tee log"]);
  });

  it("is named after its first line, as far as there is room", () => {
    assert.equal(commandTarget("make all").label, "make all");
    assert.equal(commandTarget("make all\nmake more").label, "make all");
    assert.equal(commandTarget(`echo ${"x".repeat(60)}`).label, `echo ${"x".repeat(34)}…`);
  });

  it("keeps secrets out of its name, but not out of the command", () => {
    const { argv, label } = commandTarget("HF_TOKEN=s3cret python a.py --api-key=k3y");
    assert.equal(label, "HF_TOKEN=•••• python a.py --api-key=••••");
    assert.equal(argv.at(-1), "HF_TOKEN=s3cret python a.py --api-key=k3y");
  });

  it("needs a program after its variables", () => {
    assert.equal(commandTarget("pytest -q").program, "pytest");
    assert.equal(commandTarget("CUDA_VISIBLE_DEVICES=0 A= torchrun train.py").program, "torchrun");
  });
});

describe("a module as a target", () => {
  it("is run by Python", () => {
    assert.deepEqual(moduleTarget("app.train"), {
      label: "app.train",
      program: "python3",
      argv: ["python3", "-m", "app.train"],
    });
  });
});
