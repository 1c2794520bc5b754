import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { TickList, type TickListOptions } from "../../../../src/ui/pickers/tickList";

const names = ["T4", "L4", "A10", "A100", "H100-train", "H100", "H200", "Other"];
interface Row {
  readonly label: string;
}
const rows: readonly Row[] = names.map((label) => ({ label }));
const row = (name: string): Row => {
  const found = rows.find(({ label }) => label === name);
  assert.ok(found);
  return found;
};
const listOf = (ticked: readonly string[], options: Partial<TickListOptions<Row>> = {}) =>
  new TickList(rows, ticked.map(row), { keyOf: ({ label }) => label, ...options });
const acceptedOf = ({ accepted }: TickList<Row>) => accepted.map(({ label }) => label);

describe("Enter in a checklist", () => {
  it("picks everything that is checked while no filter is typed", () =>
    assert.deepEqual(acceptedOf(listOf(["T4", "H100"])), ["T4", "H100"]));

  it("picks the first row while nothing is checked", () => {
    const list = listOf([]);
    assert.deepEqual(acceptedOf(list), ["T4"]);
    list.activate(row("A10"));
    assert.deepEqual(acceptedOf(list), ["A10"]);
  });

  for (const [typed, best] of [
    ["h100", "H100"],
    ["H100-", "H100-train"],
    ["h", "H100-train"],
    ["a10", "A10"],
    ["a100", "A100"],
    ["200", "H200"],
    [" h200 ", "H200"],
    ["4", "T4"],
    ["other", "Other"],
  ] as const)
    it(`picks ${best} once "${typed}" is typed key by key, whatever is checked`, () => {
      const list = listOf(["T4"]);
      for (let length = 1; length <= typed.length; length++) list.type(typed.slice(0, length));
      assert.deepEqual(acceptedOf(list), [best]);
    });

  it("picks nothing if no row matches", () => {
    const list = listOf(["T4"]);
    list.type("v100");
    assert.deepEqual(acceptedOf(list), []);
  });

  it("picks the row that the user moved to, as long as it is shown", () => {
    const list = listOf(["T4"]);
    list.type("h");
    list.activate(row("H200"));
    assert.deepEqual(acceptedOf(list), ["H200"]);
    list.type("h2");
    assert.deepEqual(acceptedOf(list), ["H200"]);
    list.type("h1");
    assert.deepEqual(acceptedOf(list), ["H100-train"]);
  });

  it("picks the best match of the latest text, even if VS Code reports the previous one late", () => {
    const list = listOf([]);
    list.type("h");
    list.type("h100");
    list.activate(row("H100-train"));
    list.type("h100");
    assert.deepEqual(acceptedOf(list), ["H100"]);
  });

  it("picks the best match again if VS Code takes back the active row", () => {
    const list = listOf(["T4"]);
    list.type("h100");
    list.activate(undefined);
    assert.deepEqual(acceptedOf(list), ["H100"]);
  });

  it("picks everything that is checked once a box is clicked, whatever is typed", () => {
    const list = listOf(["T4"]);
    list.type("h200");
    list.tick([row("T4"), row("H200")]);
    assert.deepEqual(acceptedOf(list), ["T4", "H200"]);
    list.type("l4");
    assert.deepEqual(acceptedOf(list), ["T4", "H200"]);
    list.tick([]);
    assert.deepEqual(acceptedOf(list), ["L4"]);
  });

  it("is not confused if VS Code reports nothing as checked for other rows before it repeats the selection", () => {
    const list = listOf(["T4"]);
    list.replace([...rows]);
    list.type("h100");
    assert.equal(list.tick([]), false);
    assert.equal(list.tick([row("T4")]), false);
    assert.deepEqual(acceptedOf(list), ["H100"]);
    assert.equal(list.tick([]), true);
  });

  it("is not confused if VS Code repeats the selection", () => {
    const list = listOf(["T4"]);
    list.tick([row("T4")]);
    list.type("h100");
    assert.deepEqual(acceptedOf(list), ["H100"]);
  });

  it("picks no row if that is an answer, and adds the typed one", () => {
    const list = listOf([], { mayBeEmpty: true });
    assert.deepEqual(acceptedOf(list), []);
    list.type("l4");
    assert.deepEqual(acceptedOf(list), ["L4"]);
    const other = listOf(["T4"], { mayBeEmpty: true });
    other.type("l4");
    assert.deepEqual(acceptedOf(other), ["T4", "L4"]);
  });
});
