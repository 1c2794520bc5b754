import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { canRun, runnableFiles } from "../../../../src/run/target/fileKind";
import { findLauncher } from "../../../../src/run/target/launchers";

describe("files that run without a question", () => {
  const files = [
    ...["train.py", "a.pyw", "a.sh", "a.bash", "a.js", "a.mjs", "a.ts", "a.mts", "a.cu", "a.ipynb"].map((name) => ({
      name,
      languageId: "plaintext",
      firstLine: "",
    })),
    { name: "untitled", languageId: "python", firstLine: "" },
    { name: "train", languageId: "plaintext", firstLine: "#!/usr/bin/env python3" },
  ];
  const others = [
    { name: "README.md", languageId: "markdown", firstLine: "# Title" },
    { name: "notes", languageId: "plaintext", firstLine: "" },
    { name: "main.cpp", languageId: "cpp", firstLine: "#include <cuda.h>" },
  ];

  it("are exactly those for which the run command finds a launcher", () => {
    for (const file of [...files, ...others]) assert.equal(canRun(file), findLauncher(file) !== undefined, file.name);
    assert.deepEqual(
      files.filter((file) => !canRun(file)),
      [],
    );
    assert.deepEqual(others.filter(canRun), []);
  });

  it("are listed for the Explorer by language and by extension, with files that have no extension", () => {
    for (const listed of runnableFiles) {
      const file = listed.startsWith(".")
        ? { name: `file${listed}`, languageId: "plaintext", firstLine: "" }
        : { name: "file", languageId: listed, firstLine: "" };
      assert.equal(canRun(file), listed !== "", listed);
    }
    assert.ok(["python", ".cu", ".ipynb", ""].every((listed) => runnableFiles.includes(listed)));
  });
});
