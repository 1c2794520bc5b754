import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { gpuTypes } from "../../../../src/modal/gpus";
import { listRates } from "../../../../src/modal/rates";
import { GpuChecklist } from "../../../../src/ui/pickers/gpuChecklist";
import { countLines, gpuLines, priceNote, specLine } from "../../../../src/ui/pickers/gpuItems";

const base = { cpu: 2, memoryMiB: 4096, regions: [] };
const pricing = { base, rates: listRates, isFree: false };

describe("the list of GPUs", () => {
  it("starts with CPU only and has every type with its memory and price", () => {
    const lines = gpuLines(new Map(), pricing);
    assert.deepEqual(
      lines.map(({ label }) => label),
      ["CPU only", ...gpuTypes.map(({ name }) => name)],
    );
    assert.equal(lines[0]?.description, "$0.38/h");
    assert.equal(lines[1]?.description, "16 GB · $0.97/h");
  });

  it("multiplies memory and price by the count", () => {
    const h100 = gpuLines(new Map([["H100", 2]]), pricing).find(({ gpu }) => gpu?.type === "H100");
    assert.equal(h100?.label, "2 × H100");
    assert.equal(h100.description, "160 GB · $8.28/h");
  });

  it("says on the local backend what Modal would ask", () => {
    const free = { ...pricing, isFree: true };
    const lines = gpuLines(new Map(), free);
    assert.equal(lines[0]?.description, "$0.38/h on Modal");
    assert.equal(lines[1]?.description, "16 GB · $0.97/h on Modal");
    assert.equal(new GpuChecklist([{ gpu: undefined }], free).summary, "CPU · free on the local backend");
  });

  it("asks more for a region, and says so: beside each spec, and once for the GPUs", () => {
    const pinned = { ...pricing, base: { ...base, regions: ["us"] } };
    assert.equal(gpuLines(new Map(), pinned)[1]?.description, "16 GB · $1.12/h");
    assert.equal(priceNote(pinned), " · prices incl. 15% for us (as of 2026-09)");
    assert.equal(priceNote(pricing), "");
    const named = specLine("train", { gpu: { type: "T4", count: 1 }, ...base, regions: ["us-east"] }, pricing);
    assert.equal(named.description, "T4 · $1.70/h incl. 75% for us-east (as of 2026-09)");
  });

  it("offers each count up to the most that the type can have", () => {
    const a10 = gpuTypes.find(({ name }) => name === "A10");
    assert.ok(a10);
    assert.deepEqual(
      countLines(a10, pricing).map(({ label }) => label),
      ["A10", "2 × A10", "3 × A10", "4 × A10"],
    );
  });
});

describe("the checklist of GPUs", () => {
  const T4 = { gpu: { type: "T4", count: 1 } };
  const lineOf = (checklist: GpuChecklist, type: string) => {
    const line = checklist.lines.find(({ gpu, spec }) => gpu?.type === type && spec === undefined);
    assert.ok(line);
    return line;
  };

  it("starts with what was chosen before, and says what that is and costs", () => {
    const checklist = new GpuChecklist([{ gpu: { type: "H100", count: 2 } }, { gpu: undefined }], pricing);
    assert.deepEqual(checklist.chosen, [{ gpu: undefined }, { gpu: { type: "H100", count: 2 } }]);
    assert.equal(checklist.summary, "CPU, 2 × H100 · $8.66/h");
  });

  it("starts the GPU that is typed, not the one that is ticked out of sight", () => {
    const checklist = new GpuChecklist([T4], pricing);
    assert.equal(checklist.summary, "T4 · $0.97/h");
    checklist.type("h100");
    assert.deepEqual(checklist.chosen, [{ gpu: { type: "H100", count: 1 } }]);
    assert.equal(checklist.summary, "H100 · $4.33/h");
    checklist.type("");
    assert.equal(checklist.summary, "T4 · $0.97/h");
  });

  it("starts all that is ticked, hidden or not, once a box is clicked", () => {
    const checklist = new GpuChecklist([T4], pricing);
    checklist.type("h100");
    checklist.tick([lineOf(checklist, "T4"), lineOf(checklist, "H100")]);
    assert.equal(checklist.summary, "T4, H100 · $5.30/h");
    checklist.type("");
    assert.equal(checklist.summary, "T4, H100 · $5.30/h");
  });

  it("takes up what is ticked, with the count that the line has", () => {
    const checklist = new GpuChecklist([{ gpu: { type: "T4", count: 3 } }], pricing);
    checklist.tick([lineOf(checklist, "L4")]);
    assert.deepEqual(checklist.chosen, [{ gpu: { type: "L4", count: 1 } }]);
    checklist.tick([lineOf(checklist, "T4")]);
    assert.deepEqual(checklist.chosen, [{ gpu: { type: "T4", count: 3 } }]);
  });

  it("ticks a type whose count is set, and keeps the count within its bounds", () => {
    const checklist = new GpuChecklist([], pricing);
    checklist.setCount({ type: "A10", count: 9 });
    assert.deepEqual(checklist.chosen, [{ gpu: { type: "A10", count: 4 } }]);
    checklist.setCount({ type: "A10", count: 0 });
    assert.deepEqual(checklist.chosen, [{ gpu: { type: "A10", count: 1 } }]);
  });

  it("starts as many as are typed, without ticking them", () => {
    const checklist = new GpuChecklist([T4], pricing);
    checklist.type("h100:2");
    assert.equal(checklist.summary, "2 × H100 · $8.28/h");
    checklist.type("h100:1");
    assert.equal(checklist.summary, "H100 · $4.33/h");
    checklist.type("");
    assert.equal(checklist.summary, "T4 · $0.97/h");
  });

  it("has the named specs first, with a price of their own", () => {
    const named = specLine("train", { gpu: { type: "H100", count: 2 }, cpu: 8, memoryMiB: 65_536 }, pricing);
    assert.equal(named.description, "2 × H100 · $10.57/h");
    const checklist = new GpuChecklist([{ gpu: undefined, spec: "train" }], pricing, [named]);
    assert.equal(checklist.lines[0], named);
    assert.deepEqual(checklist.chosen, [{ gpu: { type: "H100", count: 2 }, spec: "train" }]);
    assert.equal(checklist.summary, "train · $10.57/h");
    checklist.tick([...checklist.lines.slice(0, 2)]);
    assert.equal(checklist.summary, "train, CPU · $10.95/h");
    checklist.type("tra");
    assert.equal(checklist.summary, "train, CPU · $10.95/h");
  });
});
