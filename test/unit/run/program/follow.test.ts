import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Deferred } from "../../../../src/base/async";
import type { RemoteProcess } from "../../../../src/modal/exec";
import { follow } from "../../../../src/run/program/follow";

describe("following a program", () => {
  it("shows earlier output before a traceback that overtakes it", async () => {
    const came = new Deferred<undefined>();
    async function* errors() {
      yield Buffer.from("Traceback (most recent call last):\n");
      await came.promise;
    }
    async function* prints() {
      await Promise.resolve();
      yield Buffer.from("epoch 1\n");
      came.resolve(undefined);
    }
    const none = () => Promise.reject(new Error("It has no input."));
    const process: RemoteProcess = {
      stdout: prints(),
      stderr: errors(),
      exitCode: Promise.resolve(1),
      write: none,
      closeInput: none,
      streamInput: () => assert.fail("It has no input."),
    };
    let shown = "";
    const exitCode = await follow({
      attach: () => Promise.resolve(process),
      show: ({ bytes }) => {
        shown += Buffer.from(bytes).toString();
        return Promise.resolve();
      },
      mayTryAgain: () => false,
      onLost: () => assert.fail("It was lost."),
    });
    assert.equal(exitCode, 1);
    assert.equal(shown, "epoch 1\nTraceback (most recent call last):\n");
  });
});
