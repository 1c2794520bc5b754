import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { findLauncher, launchers, type Launcher } from "../../../../src/run/target/launchers";

const find = (name: string, languageId = "plaintext", firstLine = ""): Launcher | undefined =>
  findLauncher({ name, languageId, firstLine });

describe("the launcher of a file", () => {
  it("is found by the language, then the extension, then the #! line", () => {
    assert.equal(find("notes.txt", "python"), launchers.python);
    assert.equal(find("train.py"), launchers.python);
    assert.equal(find("train.py", "python", "#!/usr/bin/env pypy"), launchers.python);
    assert.deepEqual(find("train", "plaintext", "#!/usr/bin/perl")?.argv, ["/usr/bin/perl"]);
  });

  it("is found by the extension in any case", () => {
    assert.equal(find("SERVER.MJS"), launchers.javascript);
    assert.equal(find("model.ts"), launchers.typescript);
    assert.equal(find("setup.sh"), launchers.shell);
    assert.equal(find("kernel.CU"), launchers.cuda);
  });

  it("is found by the extension if the language only describes the file's format", () => {
    assert.equal(find("train.ipynb", "json"), launchers.notebook);
    assert.equal(find("kernel.cu", "cpp"), launchers.cuda);
    assert.equal(find("anything", "cuda-cpp"), launchers.cuda);
    assert.equal(find("main.cpp", "cpp"), undefined);
  });

  it("is the shell that a script names", () => {
    assert.deepEqual(find("a.sh", "shellscript", "#!/bin/zsh -f")?.argv, ["/bin/zsh", "-f"]);
    assert.equal(find("a.sh", "shellscript", "echo hi"), launchers.shell);
  });

  it("splits the words after env, as env -S does", () => {
    assert.deepEqual(find("x", "plaintext", "#!/usr/bin/env ruby")?.argv, ["ruby"]);
    assert.deepEqual(find("x", "plaintext", "#!/usr/bin/env -S ruby -w")?.argv, ["ruby", "-w"]);
  });

  it("gets at most one argument from a #! line, as in the kernel", () =>
    assert.deepEqual(find("x", "plaintext", "#!/bin/awk -f -v")?.argv, ["/bin/awk", "-f -v"]));

  it("is not guessed", () => {
    assert.equal(find("README.md", "markdown"), undefined);
    assert.equal(find("data", "plaintext", "# just a comment"), undefined);
    assert.equal(find("data", "plaintext", "#!relative/path"), undefined);
  });
});
