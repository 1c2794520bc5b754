import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { registryImage, type SandboxSpec } from "../../../../src/modal/spec";
import { SharedOffers } from "../../../../src/run/sweep/sharedOffers";

const gpu = (type: string) => ({ type, count: 1 });

const specOf = (type: string, env: Readonly<Record<string, string>> = {}): SandboxSpec => ({
  gpu: gpu(type),
  gpuFallback: [gpu("L4")],
  image: registryImage("python:3.12-slim"),
  cpu: 1,
  memoryMiB: 512,
  timeoutMs: 1,
  idleTimeoutMs: 1,
  ports: [],
  volumes: [],
  secrets: [],
  env,
  regions: [],
  network: { kind: "open" },
});

/** Answers in the order that they are given; nothing for "". */
function offersWith(...types: string[]) {
  const asked: string[] = [];
  const offers = new SharedOffers((spec) => {
    asked.push(spec.gpu?.type ?? "");
    const type = types.shift() ?? "";
    return Promise.resolve(type === "" ? undefined : { ...spec, gpu: gpu(type), gpuFallback: [] });
  });
  const other = async (type: string) => (await offers.offer(specOf(type)))?.gpu?.type;
  const agreed = (type: string) => offers.agreed(specOf(type)).gpu?.type;
  return { offers, asked, other, agreed };
}

describe("offers on behalf of many runs", () => {
  it("are made once for each GPU, and each run otherwise keeps its spec", async () => {
    const { offers, asked, agreed } = offersWith("T4");
    const specs = ["0", "1"].map((lane) => specOf("B300", { lane }));
    const others = await Promise.all(specs.map(offers.offer));
    assert.deepEqual(asked, ["B300"]);
    assert.deepEqual(
      others.map((other) => [other?.gpu?.type, other?.gpuFallback, other?.env]),
      [
        ["T4", [], { lane: "0" }],
        ["T4", [], { lane: "1" }],
      ],
    );
    assert.equal(agreed("B300"), "T4");
    assert.equal(agreed("H100"), "H100");
  });

  it("lead from one unavailable GPU to another", async () => {
    const { other, agreed, asked } = offersWith("B200", "T4");
    assert.equal(await other("B300"), "B200");
    assert.equal(await other("B200"), "T4");
    assert.equal(agreed("B300"), "T4");
    assert.deepEqual(asked, ["B300", "B200"]);
  });

  it("never lead in a circle: a GPU to be tried again is asked about again", async () => {
    const { other, agreed, asked } = offersWith("B200", "B300", "B300", "");
    assert.equal(await other("B300"), "B200");
    assert.equal(await other("B200"), "B300");
    assert.equal(agreed("B300"), "B300");
    assert.equal(agreed("B200"), "B300");
    assert.equal(await other("B300"), "B300");
    assert.equal(agreed("B300"), "B300");
    assert.equal(await other("B300"), undefined);
    assert.deepEqual(asked, ["B300", "B200", "B300", "B300"]);
  });

  it("stay declined", async () => {
    const { other, agreed, asked } = offersWith("", "T4");
    assert.equal(await other("B300"), undefined);
    assert.equal(await other("B300"), undefined);
    assert.equal(agreed("B300"), "B300");
    assert.deepEqual(asked, ["B300"]);
  });
});
