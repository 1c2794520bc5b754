import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { cellAt, cellsOf } from "../../../../src/run/target/cells";

const text = ["import os", "# %% Load the data", "load()", "", "#%% [markdown] Words", "# prose", "# In[3]:", "show()"];

describe("the cells of a program", () => {
  it("go from one mark to the next, with a first one before the first mark", () => {
    assert.deepEqual(cellsOf(text.join("\r\n")), [
      { title: "", startLine: 0, lastLine: 0, isText: false },
      { title: "Load the data", startLine: 1, lastLine: 3, isText: false },
      { title: "Words", startLine: 4, lastLine: 5, isText: true },
      { title: "", startLine: 6, lastLine: 7, isText: false },
    ]);
  });

  it("begin with the first mark if only blank lines come before it", () => {
    assert.deepEqual(
      cellsOf("\n// %%\nrun()").map(({ startLine }) => startLine),
      [1],
    );
  });

  it("are absent if there are no marks", () => {
    assert.deepEqual(cellsOf("print('100 # %% sure')"), []);
    assert.deepEqual(cellsOf("x = 5 # %% of it"), []);
  });

  it("are found by any of their lines", () => {
    const cells = cellsOf(text.join("\n"));
    assert.deepEqual(
      [0, 1, 3, 7, 99].map((line) => cellAt(cells, line)?.startLine),
      [0, 1, 1, 6, 6],
    );
    assert.equal(cellAt(cellsOf("\n# %%"), 0)?.startLine, 1);
    assert.equal(cellAt([], 0), undefined);
  });
});
