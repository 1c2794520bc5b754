import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { readManifest, type Pattern } from "./support/manifest";

interface Problem {
  readonly file: string | undefined;
  readonly line: string | undefined;
  readonly severity: string | undefined;
  readonly message: string | undefined;
}

const matchers = new Map(readManifest().contributes.problemMatchers.map(({ name, pattern }) => [name, pattern]));

/** Works as VS Code does: each line may begin a problem whose other lines follow immediately. */
function problemsIn(name: string, output: string): Problem[] {
  const pattern = matchers.get(name);
  assert.ok(pattern);
  const patterns: readonly Pattern[] = "regexp" in pattern ? [pattern] : pattern;
  const lines = output.split("\n");
  return lines.flatMap((_, start) => {
    const found = patterns.map(({ regexp }, index) => new RegExp(regexp).exec(lines[start + index] ?? ""));
    if (found.includes(null)) return [];
    const group = (key: "file" | "line" | "severity" | "message") => {
      const index = patterns.findIndex((each) => each[key] !== undefined);
      const number = patterns[index]?.[key];
      return number === undefined ? undefined : found[index]?.[number];
    };
    return [{ file: group("file"), line: group("line"), severity: group("severity"), message: group("message") }];
  });
}

const traceback = (carets: readonly string[]) =>
  [
    "Traceback (most recent call last):",
    '  File "/workspace/src/train.py", line 12, in <module>',
    "    main()",
    ...carets,
    '  File "/workspace/src/model.py", line 3, in main',
    "    raise ValueError('no data')",
    ...carets,
    "ValueError: no data",
    "",
  ].join("\n");

const where = { file: "src/model.py", line: "3", severity: undefined, message: "ValueError: no data" };

describe("the problem matchers", () => {
  it("find the line where a Python program failed", () => {
    assert.deepEqual(problemsIn("modal-python", traceback([])), [where]);
    assert.deepEqual(problemsIn("modal-python-carets", traceback(["    ~~~~~^^^"])), [where]);
  });

  it("leave the other kind of traceback to the other matcher", () => {
    assert.deepEqual(problemsIn("modal-python-carets", traceback([])), []);
    assert.deepEqual(problemsIn("modal-python", traceback(["    ^^^^"])), []);
  });

  it("find errors from nvcc", () => {
    const output = [
      '/workspace/kernels/add.cu(7): error: identifier "x" is undefined',
      'kernels/add.cu(9): warning #177-D: variable "y" was declared but never referenced',
      "1 error detected in the compilation of kernels/add.cu.",
    ].join("\n");
    assert.deepEqual(problemsIn("modal-nvcc", output), [
      { file: "kernels/add.cu", line: "7", severity: "error", message: 'identifier "x" is undefined' },
      {
        file: "kernels/add.cu",
        line: "9",
        severity: "warning",
        message: 'variable "y" was declared but never referenced',
      },
    ]);
  });
});
