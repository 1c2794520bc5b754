import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { TraceFinder, type Trace } from "../../../../src/run/output/tracebacks";

const findAll = (text: string): Trace[] => {
  const finder = new TraceFinder();
  return [...finder.push(text), ...finder.end()];
};

/** As `message @ path:line:column < path:line:column`. */
const told = (text: string): string[] =>
  findAll(text).map(({ message, isWarning, frames }) => {
    const places = frames.map(({ path, line, column }) => [path, line, column].filter(Boolean).join(":"));
    return `${isWarning ? "warning: " : ""}${message} @ ${places.join(" < ")}`;
  });

const PYTHON = `epoch 1
Traceback (most recent call last):
  File "/workspace/train.py", line 5, in main
    inner({})
  File "/workspace/lib/model.py", line 2, in inner
    return x["a"] + 1
           ~^^^^^
KeyError: 'a'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/workspace/train.py", line 8, in <module>
    main()
ValueError: no größe
`;

const NODE = `/workspace/n.js:1
function main() { throw new Error("first"); }
                  ^

Error: first
    at main (/workspace/n.js:1:25)
    at async Object.<anonymous> (file:///workspace/lib/m.mjs:2:1)
    at Module._compile (node:internal/modules/cjs/loader:1521:14)

Node.js v20.20.2
`;

const found: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  "an exception of Python and the one it came from": [
    PYTHON,
    [
      "KeyError: 'a' @ /workspace/lib/model.py:2 < /workspace/train.py:5",
      "ValueError: no größe @ /workspace/train.py:8",
    ],
  ],
  "a syntax error of Python": [
    "  File \"/workspace/s.py\", line 1\n    x = (\n        ^\nSyntaxError: '(' was never closed\n",
    ["SyntaxError: '(' was never closed @ /workspace/s.py:1"],
  ],
  "a traceback in colours": [
    'Traceback (most recent call last):\n  File \x1b[35m"/workspace/t.py"\x1b[0m, line \x1b[35m3\x1b[0m, in <module>\n    f()\n\x1b[1;35mValueError\x1b[0m: \x1b[35mno\x1b[0m\n',
    ["ValueError: no @ /workspace/t.py:3"],
  ],
  "a traceback of one rank of torchrun": [
    '[rank0]: Traceback (most recent call last):\n[rank0]:   File "/workspace/t.py", line 3, in <module>\n[rank0]:     f()\n[rank0]: RuntimeError: CUDA out of memory\n',
    ["RuntimeError: CUDA out of memory @ /workspace/t.py:3"],
  ],
  "a traceback after a progress bar": [
    ' 10%|█ | 1/9\r 20%|██ | 2/9\rTraceback (most recent call last):\r\n  File "t.py", line 3, in <module>\r\n    f()\r\nKeyboardInterrupt\r\n',
    ["KeyboardInterrupt @ t.py:3"],
  ],
  "an error of Node": [NODE, ["Error: first @ /workspace/n.js:1:25 < /workspace/lib/m.mjs:2:1 < /workspace/n.js:1"]],
  "a syntax error of Node, which is in no frame": [
    "file:///workspace/m.mjs:3\nconst a = ;\n          ^\n\nSyntaxError: Unexpected token ';'\n\x1b[90m    at compile (node:internal/modules/esm/utils:346:16)\x1b[39m\n\nNode.js v20\n",
    ["SyntaxError: Unexpected token ';' @ /workspace/m.mjs:3"],
  ],
  "errors of shells": [
    "/workspace/b.sh: line 2: foo: command not found\n/workspace/b.sh: 4: Syntax error: end of file unexpected\n",
    ["foo: command not found @ /workspace/b.sh:2", "Syntax error: end of file unexpected @ /workspace/b.sh:4"],
  ],
  "errors and warnings of gcc": [
    "k.c: In function ‘main’:\n\x1b[01m\x1b[Kk.c:1:27:\x1b[m\x1b[K \x1b[01;31m\x1b[Kerror: \x1b[m\x1b[K‘y’ undeclared\n    1 | int main(){ return y; }\nk.c:1:27: note: each once\nk.c:1:17: warning: unused variable ‘x’\n",
    ["‘y’ undeclared @ k.c:1:27", "warning: unused variable ‘x’ @ k.c:1:17"],
  ],
  "errors of nvcc and tsc": [
    '/workspace/k.cu(12): error: identifier "y" is undefined\nk.cu(3): warning #177-D: variable "x" was declared but never referenced\nsrc/app.ts(3,5): error TS2322: Type \'string\' is not assignable\n',
    [
      'identifier "y" is undefined @ /workspace/k.cu:12',
      'warning: variable "x" was declared but never referenced @ k.cu:3',
      "Type 'string' is not assignable @ src/app.ts:3:5",
    ],
  ],
  "an error and a panic of Rust": [
    "error[E0425]: cannot find value `foo` in this scope\n --> src/main.rs:2:11\n  |\n2 |   let x = foo;\nthread 'main' (10802) panicked at src/main.rs:2:62:\nindex out of bounds: the len is 0\nstack backtrace:\n",
    [
      "error[E0425]: cannot find value `foo` in this scope @ src/main.rs:2:11",
      "index out of bounds: the len is 0 @ src/main.rs:2:62",
    ],
  ],
  "an error and a panic of Go": [
    "./main.go:5:2: undefined: x\npanic: boom\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/workspace/f.go:9 +0x1d\nmain.main()\n\t/workspace/main.go:5 +0x18\nexit status 2\n",
    ["undefined: x @ ./main.go:5:2", "panic: boom @ /workspace/f.go:9 < /workspace/main.go:5"],
  ],
  "a warning of Python": [
    "/workspace/t.py:12: DeprecationWarning: old\n  f()\n",
    ["warning: DeprecationWarning: old @ /workspace/t.py:12"],
  ],
};

describe("the failure of a program", () => {
  for (const [what, [text, expected]] of Object.entries(found))
    it(`is found in ${what}`, () => assert.deepEqual(told(text), expected));

  it("is found wherever the output is cut", () => {
    const text = Object.values(found)
      .map(([one]) => `${one}\nnothing of note\n`)
      .join("");
    const whole = findAll(text);
    for (const size of [1, 2, 7, 64, 1000]) {
      const finder = new TraceFinder();
      const parts = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
        text.slice(at * size, (at + 1) * size),
      );
      assert.deepEqual([...parts.flatMap((part) => finder.push(part)), ...finder.end()], whole, `pieces of ${size}`);
    }
  });

  it("is not found in other output", () => {
    const lines = [
      "12:30:01 error: not a place",
      "[2026-11-21 14:00:03] INFO step 3: loss 0.5",
      "Serving HTTP on 0.0.0.0 port 8000 (http://0.0.0.0:8000/) ...",
      "    at the end of the day",
      "ratio 3:4:5",
      "100%|██████████| 938/938 [00:12<00:00, 75.3it/s]",
    ];
    assert.deepEqual(told(`${lines.join("\n")}\n`), []);
  });

  it("takes limited memory for an endless line or recursion", () => {
    const finder = new TraceFinder();
    for (let piece = 0; piece < 1000; piece++) assert.deepEqual(finder.push("x:1 ".repeat(1000)), []);
    const frames = Array.from({ length: 1000 }, (_, at) => `  File "/workspace/t.py", line ${at + 1}, in f\n`).join("");
    const [trace] = finder.push(`\n${frames}RecursionError: too deep\n`);
    assert.equal(trace?.frames.length, 50);
    assert.equal(trace.frames[0]?.line, 1000);
  });
});
