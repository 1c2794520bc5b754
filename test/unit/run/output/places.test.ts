import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "mocha";
import { localPaths } from "../../../../src/run/output/localPaths";
import { placesIn } from "../../../../src/run/output/places";

const told = (text: string): string[] =>
  placesIn(text).map(({ frame: { path, line, column }, start, length }) => {
    const place = [path, line, column].filter((part) => part !== undefined).join(":");
    return `${place} in ${text.slice(start, start + length)}`;
  });

describe("the places in a line of output", () => {
  const lines: Readonly<Record<string, readonly string[]>> = {
    '  File "/workspace/my train.py", line 12, in main': [
      '/workspace/my train.py:12 in File "/workspace/my train.py", line 12',
    ],
    "    at main (/workspace/n.js:1:25)": ["/workspace/n.js:1:25 in /workspace/n.js:1:25"],
    "    at file:///workspace/n.mjs:2:1": ["/workspace/n.mjs:2:1 in file:///workspace/n.mjs:2:1"],
    "k.cu(12): error: expected a ;": ["k.cu:12 in k.cu(12)"],
    "src/app.ts(3,5): error TS2322": ["src/app.ts:3:5 in src/app.ts(3,5)"],
    "/workspace/b.sh: line 2: foo: not found": ["/workspace/b.sh:2 in /workspace/b.sh: line 2"],
    "tests/test_größe.py:7: AssertionError": ["tests/test_größe.py:7 in tests/test_größe.py:7"],
    "12:30:01 step 3 of 5, loss 0.5:1, 127.0.0.1:8000": [],
  };
  for (const [line, expected] of Object.entries(lines))
    it(`are ${expected.length} in "${line.trim()}"`, () => assert.deepEqual(told(line), expected));
});

describe("the local file of a path in a sandbox", () => {
  const one = [{ path: join("/home", "me", "project"), remotePath: "/workspace" }];
  const two = [
    { path: join("/home", "me", "a"), remotePath: "/workspace/a" },
    { path: join("/home", "me", "b"), remotePath: "/workspace/b" },
  ];
  const cases: readonly (readonly [string, Parameters<typeof localPaths>, readonly string[]])[] = [
    ["is in the folder", ["/workspace/src/a.py", one], [join("/home", "me", "project", "src", "a.py")]],
    ["is found by a relative path", ["./a.py", one], [join("/home", "me", "project", "a.py")]],
    [
      "is found from the folder in which the program started",
      ["a.py", one, "src"],
      [join("/home", "me", "project", "src", "a.py")],
    ],
    ["is in the folder with that remote path", ["/workspace/b/x.py", two], [join("/home", "me", "b", "x.py")]],
    [
      "may be in each folder if the path is relative",
      ["x.py", two],
      [join("/home", "me", "a", "x.py"), join("/home", "me", "b", "x.py")],
    ],
    ["does not exist for a path outside", ["/usr/lib/python3/x.py", one], []],
    ["does not exist for a path that leads out", ["/workspace/../etc/passwd", one], []],
    ["does not exist for a relative path that leads out", ["../../etc/passwd", one, "src"], []],
    ["does not exist for a folder with a similar name", ["/workspace2/x.py", one], []],
    ["is never the folder itself", ["/workspace", one], []],
  ];
  for (const [what, args, expected] of cases) it(what, () => assert.deepEqual(localPaths(...args), expected));
});
