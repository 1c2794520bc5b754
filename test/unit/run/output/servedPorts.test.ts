import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { ServedPorts } from "../../../../src/run/output/servedPorts";

const told = (text: string) => new ServedPorts().push(`${text}\n`).map(({ port, path }) => `${port}${path}`);

describe("the ports that a program serves", () => {
  const lines: Readonly<Record<string, readonly string[]>> = {
    "Serving HTTP on 0.0.0.0 port 8000 (http://0.0.0.0:8000/) ...": ["8000/"],
    "INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)": ["8080/"],
    " * Running on http://127.0.0.1:5000": ["5000/"],
    "  \x1b[32m➜\x1b[39m  Local:   \x1b[36mhttp://localhost:5173/app/\x1b[39m": ["5173/app/"],
    "    http://localhost:8888/lab?token=abc123": ["8888/lab?token=abc123"],
    "TensorBoard 2.17.0 at http://localhost:6006/ (Press CTRL+C to quit)": ["6006/"],
    "Listening on port 8000": ["8000/"],
    "listening on :9000": ["9000/"],
    "Server listening on 0.0.0.0:7860": ["7860/"],
    "listening on [::]:50051": ["50051/"],
    "server started on port: 3000": ["3000/"],
    "fetched https://example.com:8443/": [],
    "started at 12:30:01": [],
    "running epoch 3 of 8000": [],
    "listening on port 99999": [],
  };
  for (const [line, expected] of Object.entries(lines))
    it(`are ${expected.join(", ") || "none"} in "${line.trim()}"`, () => assert.deepEqual(told(line), expected));

  it("are reported once each, and found wherever the output is cut", () => {
    const text = "Listening on port 8000\nhttp://0.0.0.0:8000/ and http://0.0.0.0:8001/x\n";
    for (const size of [1, 5, 100]) {
      const ports = new ServedPorts();
      const found = Array.from({ length: text.length }, (_, at) => text.slice(at * size, (at + 1) * size)).flatMap(
        (part) => ports.push(part),
      );
      assert.deepEqual(
        found.map(({ port, path }) => `${port}${path}`),
        ["8000/", "8001/x"],
        `pieces of ${size}`,
      );
    }
  });

  it("are not looked for after a lot of output", () => {
    const ports = new ServedPorts();
    for (let piece = 0; piece < 20; piece++) ports.push("x".repeat(99_999) + "\n");
    assert.deepEqual(ports.push("Listening on port 8000\n"), []);
  });
});
