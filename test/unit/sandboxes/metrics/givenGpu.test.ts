import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { compareGpu } from "../../../../src/sandboxes/metrics/givenGpu";

describe("the GPU that a sandbox got", () => {
  const given = (type: string, count: number, ...names: string[]) => compareGpu({ type, count }, names);

  it("is told apart from the requested one, except for Modal's replacements", () => {
    for (const [type, name] of [
      ["T4", "Tesla T4"],
      ["L4", "NVIDIA L4"],
      ["A10", "NVIDIA A10G"],
      ["L40S", "NVIDIA L40S"],
      ["A100-40GB", "NVIDIA A100-SXM4-40GB"],
      ["A100-40GB", "NVIDIA A100-SXM4-80GB"],
      ["RTX-PRO-6000", "NVIDIA RTX PRO 6000 Blackwell Server Edition"],
      ["H100", "NVIDIA H100 80GB HBM3"],
      ["H100", "NVIDIA H200"],
      ["B200", "NVIDIA B300 SXM6 AC"],
    ] as const)
      assert.deepEqual(given(type, 1, name), { text: `1 × ${name}`, isOther: false });
    for (const [type, name] of [
      ["H200", "NVIDIA H100 80GB HBM3"],
      ["L4", "Tesla T4"],
      ["A100-80GB", "NVIDIA A10G"],
    ] as const)
      assert.ok(given(type, 1, name).isOther, `${name} for ${type}`);
  });

  it("has a count", () => {
    assert.deepEqual(given("T4", 2, "Tesla T4", "Tesla T4"), { text: "2 × Tesla T4", isOther: false });
    assert.ok(given("T4", 2, "Tesla T4").isOther);
  });

  it("may be absent", () => {
    assert.deepEqual(compareGpu({ type: "T4", count: 1 }, undefined), {
      text: "no GPU",
      isOther: true,
    });
  });
});
