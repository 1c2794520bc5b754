import assert from "node:assert/strict";

import { describe, it } from "mocha";

import { BLOCK_BYTES, Blocks } from "../../../../src/sync/archive/blocks";
import { SendWindow } from "../../../../src/sync/worker/sendWindow";

describe("a send window", () => {
  it("lets a sender continue until the window is full, and then wait for the next grant", async () => {
    const window = new SendWindow(2);
    const log: string[] = [];
    const sending = (async () => {
      for (const block of ["a", "b", "c", "d"]) {
        await window.available();
        window.take();
        log.push(block);
      }
    })();

    await settled();
    assert.deepEqual(log, ["a", "b"]);
    window.grant();
    await settled();
    assert.deepEqual(log, ["a", "b", "c"]);
    window.grant();
    await sending;
    assert.deepEqual(log, ["a", "b", "c", "d"]);
  });

  it("makes a sender that took more than it had wait until enough is granted", async () => {
    const window = new SendWindow(1);
    window.take();
    window.take();
    let isAvailable = false;
    void window.available().then(() => (isAvailable = true));

    window.grant();
    await settled();
    assert.equal(isAvailable, false);
    window.grant();
    await settled();
    assert.equal(isAvailable, true);
  });

  it("turns chunks of any size into whole blocks and a rest, byte for byte", () => {
    const emitted: Uint8Array[] = [];
    const blocks = new Blocks((block) => emitted.push(block));
    const chunks = [1, 512, BLOCK_BYTES - 1, BLOCK_BYTES, 2 * BLOCK_BYTES + 7].map((size, n) =>
      Buffer.alloc(size, String(n)),
    );

    for (const chunk of chunks) blocks.append(chunk);
    blocks.flush();
    blocks.flush();

    assert.deepEqual(
      emitted.map(({ length }) => length),
      [BLOCK_BYTES, BLOCK_BYTES, BLOCK_BYTES, BLOCK_BYTES, 519],
    );
    assert.ok(Buffer.concat(emitted).equals(Buffer.concat(chunks)));
  });

  it("reuses the memory of a block that was taken", () => {
    const emitted: Uint8Array<ArrayBuffer>[] = [];
    const blocks = new Blocks((block) => emitted.push(block));
    const given = new ArrayBuffer(BLOCK_BYTES);
    blocks.recycle(given);

    blocks.append(Buffer.alloc(2 * BLOCK_BYTES, "x"));

    assert.equal(emitted[1]?.buffer, given);
    assert.ok(emitted[1].every((byte) => byte === 120));
  });
});

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
