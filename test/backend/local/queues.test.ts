import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { ClientError, Status } from "nice-grpc";
import { useLocalBackend } from "../support/fixture";

describe("a queue", function () {
  this.timeout(60_000);
  const local = useLocalBackend();
  const ephemeral = () => local.modal.queues.ephemeral();

  it("returns values of every kind in the order in which they were put", async () => {
    const queue = await ephemeral();
    const values = [1, "two", null, true, 2.5, new Uint8Array([1, 2, 3]), { deep: { list: [1, "x"] } }];
    await queue.putMany(values);
    assert.equal(await queue.len(), values.length);
    assert.equal(await queue.get(), 1);
    assert.deepEqual((await queue.getMany(10)).slice(0, 4), ["two", null, true, 2.5]);
    assert.equal(await queue.len(), 0);
    queue.closeEphemeral();
  });

  it("keeps its partitions apart", async () => {
    const queue = await ephemeral();
    await queue.put("default");
    await queue.putMany(["a", "b"], { partition: "P" });
    assert.deepEqual(
      [await queue.len(), await queue.len({ partition: "P" }), await queue.len({ total: true })],
      [1, 2, 3],
    );
    assert.equal(await queue.get({ partition: "P" }), "a");
    await queue.clear({ partition: "P" });
    assert.deepEqual([await queue.len(), await queue.len({ partition: "P" })], [1, 0]);
    await queue.put("c", { partition: "P" });
    await queue.clear({ all: true });
    assert.equal(await queue.len({ total: true }), 0);
    queue.closeEphemeral();
  });

  it("discards a partition when its lifetime is up", async () => {
    const queue = await ephemeral();
    await queue.put("short", { partitionTtlMs: 1000 });
    const left = [];
    for await (const item of queue.iterate({ itemPollTimeoutMs: 1100 })) left.push(item);
    assert.deepEqual(left, ["short"]);
    assert.equal(await queue.len(), 0);
    queue.closeEphemeral();
  });

  it("lets a get wait for an item, and gives each item to one waiting get", async () => {
    const queue = await ephemeral();
    const gets = Promise.all(Array.from({ length: 5 }, () => queue.get()));
    for (let i = 0; i < 5; i++) await queue.put(i);
    assert.deepEqual(new Set((await gets) as number[]), new Set([0, 1, 2, 3, 4]));
    queue.closeEphemeral();
  });

  it("reports after the timeout that it is empty", async () => {
    const queue = await ephemeral();
    await assert.rejects(queue.get({ timeoutMs: 50 }), { name: "QueueEmptyError" });
    await assert.rejects(queue.get({ timeoutMs: 0 }), { name: "QueueEmptyError" });
    queue.closeEphemeral();
  });

  it("lists its items without removing them, including ones that arrive later", async () => {
    const queue = await ephemeral();
    await queue.putMany([1, 2]);
    const seen: unknown[] = [];
    for await (const item of queue.iterate({ itemPollTimeoutMs: 2000 })) {
      seen.push(item);
      if (item === 2) await queue.put(3);
      if (item === 3) break;
    }
    assert.deepEqual(seen, [1, 2, 3]);
    assert.equal(await queue.len(), 3);
    queue.closeEphemeral();
  });

  it("is full with five thousand items in a partition", async () => {
    const queue = await ephemeral();
    await queue.putMany(Array.from({ length: 5000 }, (_, i) => i));
    await assert.rejects(queue.put("more", { timeoutMs: 10 }), { name: "QueueFullError" });
    await assert.rejects(
      local.modal.cpClient.queuePut({ queueId: queue.queueId, values: [new Uint8Array()] }),
      (error) => error instanceof ClientError && error.code === Status.RESOURCE_EXHAUSTED,
    );
    await queue.put("elsewhere", { partition: "P", timeoutMs: 10 });
    assert.equal(await queue.get(), 0);
    await queue.put("fits", { timeoutMs: 10 });
    queue.closeEphemeral();
  });

  it("is found by its name until it is deleted, which also ends waiting calls", async () => {
    await assert.rejects(local.modal.queues.fromName("jobs"), { name: "NotFoundError", message: /jobs/ });
    const queue = await local.modal.queues.fromName("jobs", { createIfMissing: true });
    assert.equal((await local.modal.queues.fromName("jobs")).queueId, queue.queueId);
    const waiting = assert.rejects(
      queue.get(),
      (error) => error instanceof ClientError && error.code === Status.NOT_FOUND,
    );
    await local.modal.queues.delete("jobs");
    await waiting;
    await assert.rejects(local.modal.queues.fromName("jobs"), { name: "NotFoundError" });
    await local.modal.queues.delete("jobs", { allowMissing: true });
    await assert.rejects(local.modal.queues.delete("jobs"), { name: "NotFoundError" });
  });

  it("accepts only the names and partitions that Modal accepts", async () => {
    const isInvalid = (error: unknown) => error instanceof ClientError && error.code === Status.INVALID_ARGUMENT;
    for (const name of ["with space", "a/b", "x".repeat(65)])
      await assert.rejects(local.modal.queues.fromName(name, { createIfMissing: true }), isInvalid);
    const queue = await ephemeral();
    await assert.rejects(queue.put(1, { partition: "p".repeat(65) }), { name: "InvalidError" });
    await assert.rejects(
      local.modal.cpClient.queueLen({ queueId: queue.queueId, partitionKey: new Uint8Array(65) }),
      isInvalid,
    );
    queue.closeEphemeral();
  });
});
