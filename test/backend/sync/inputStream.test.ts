import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, describe, it } from "mocha";
import type { Sandbox } from "modal";
import { InputStream } from "../../../src/modal/inputStream";
import { useLocalBackend } from "../support/fixture";

describe("a program's input as one stream", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "faults-"));
  const file = join(folder, "faults.json");
  const local = useLocalBackend({ arguments: ["--faults", file] });
  const plan = (faults: object) => writeFile(file, JSON.stringify(faults));
  afterEach(() => plan({}));
  after(() => rmSync(folder, { recursive: true }));

  const data = randomBytes(20_000_000);
  const sha1 = createHash("sha1").update(data).digest("hex");

  /** Returns what the program prints for `data`, which is written in odd sizes from memory that is reused immediately. */
  async function send(sandbox: Sandbox, argv: string[]): Promise<string> {
    const process = await sandbox.exec(argv);
    const input = new InputStream(process);
    const output = process.stdout.readText();
    const memory = Buffer.alloc(700_001);
    for (let sent = 0; sent < data.length; sent += memory.length) {
      const length = data.copy(memory, 0, sent);
      await input.write(memory.subarray(0, length));
      memory.fill(0);
    }
    await input.closeInput();
    return output;
  }

  it("arrives complete", async () => {
    assert.match(await send(await local.create(), ["sha1sum"]), new RegExp(sha1));
  });

  it("continues where it stopped after the stream breaks", async () => {
    const sandbox = await local.create();
    await plan({ rules: [{ rpc: "TaskExecStdinWriteStream", times: 5, cutAfterBytes: 2_500_000 }] });
    assert.match(await send(sandbox, ["sha1sum"]), new RegExp(sha1));
  });

  it("keeps a slow, distant link full", async () => {
    const sandbox = await local.create();
    const bytesPerSecond = 20_000_000;
    await plan({ link: { roundTripMs: 100, bytesPerSecond } });
    const startedAt = performance.now();
    await send(sandbox, ["sh", "-c", "cat >/dev/null"]);
    const seconds = (performance.now() - startedAt) / 1000;
    // One write at a time would make ten round trips of 700 KB per second.
    assert.ok(seconds < 2, `${seconds} s`);
  });

  it("fails when the program ends before its input does", async () => {
    await assert.rejects(send(await local.create(), ["true"]));
  });
});
