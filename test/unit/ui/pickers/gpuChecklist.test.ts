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

  it("shows Modal's prices on the local backend", () => {
    const free = { ...pricing, isFree: true };
    const lines = gpuLines(new Map(), free);
    assert.equal(lines[0]?.description, "$0.38/h on Modal");
    assert.equal(lines[1]?.description, "16 GB · $0.97/h on Modal");
    assert.equal(new GpuChecklist([{ gpu: undefined }], free).summary, "CPU · free on the local backend");
  });

  it("shows higher prices for a region next to each spec, and once for the GPUs", () => {
    const pinned = { ...pricing, base: { ...base, regions: ["us"] } };
    assert.equal(gpuLines(new Map(), pinned)[1]?.description, "16 GB · $1.12/h");
    assert.equal(priceNote(pinned), " · prices incl. 15% for us (as of 2026-09)");
    assert.equal(priceNote(pricing), "");
    const named = specLine("train", { gpu: { type: "T4", count: 1 }, ...base, regions: ["us-east"] }, pricing);
    assert.equal(named.description, "T4 · $1.70/h incl. 75% for us-east (as of 2026-09)");
  });

  it("offers each count up to the type's maximum", () => {
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

  it("starts with the previous choice, and shows its contents and price", () => {
    const checklist = new GpuChecklist([{ gpu: { type: "H100", count: 2 } }, { gpu: undefined }], pricing);
    assert.deepEqual(checklist.chosen, [{ gpu: undefined }, { gpu: { type: "H100", count: 2 } }]);
    assert.equal(checklist.summary, "CPU, 2 × H100 · $8.66/h");
  });

  it("starts the GPU that was typed, not one that is checked but filtered out", () => {
    const checklist = new GpuChecklist([T4], pricing);
    assert.equal(checklist.summary, "T4 · $0.97/h");
    checklist.type("h100");
    assert.deepEqual(checklist.chosen, [{ gpu: { type: "H100", count: 1 } }]);
    assert.equal(checklist.summary, "H100 · $4.33/h");
    checklist.type("");
    assert.equal(checklist.summary, "T4 · $0.97/h");
  });

  it("starts everything that is checked, hidden or not, once a box is clicked", () => {
    const checklist = new GpuChecklist([T4], pricing);
    checklist.type("h100");
    checklist.tick([lineOf(checklist, "T4"), lineOf(checklist, "H100")]);
    assert.equal(checklist.summary, "T4, H100 · $5.30/h");
    checklist.type("");
    assert.equal(checklist.summary, "T4, H100 · $5.30/h");
  });

  it("keeps what is checked, with the count in the row", () => {
    const checklist = new GpuChecklist([{ gpu: { type: "T4", count: 3 } }], pricing);
    checklist.tick([lineOf(checklist, "L4")]);
    assert.deepEqual(checklist.chosen, [{ gpu: { type: "L4", count: 1 } }]);
    checklist.tick([lineOf(checklist, "T4")]);
    assert.deepEqual(checklist.chosen, [{ gpu: { type: "T4", count: 3 } }]);
  });

  it("checks a type when its count is set, and keeps the count within its limits", () => {
    const checklist = new GpuChecklist([], pricing);
    checklist.setCount({ type: "A10", count: 9 });
    assert.deepEqual(checklist.chosen, [{ gpu: { type: "A10", count: 4 } }]);
    checklist.setCount({ type: "A10", count: 0 });
    assert.deepEqual(checklist.chosen, [{ gpu: { type: "A10", count: 1 } }]);
  });

  it("starts a typed count without checking the type", () => {
    const checklist = new GpuChecklist([T4], pricing);
    checklist.type("h100:2");
    assert.equal(checklist.summary, "2 × H100 · $8.28/h");
    checklist.type("h100:1");
    assert.equal(checklist.summary, "H100 · $4.33/h");
    checklist.type("");
    assert.equal(checklist.summary, "T4 · $0.97/h");
  });

  it("lists the named specs first, with their prices", () => {
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
