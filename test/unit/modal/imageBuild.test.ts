import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { ImageBuild } from "../../../src/modal/imageBuild";

describe("the log of an image build", () => {
  it("keeps the end of a long log, in one piece or in many", () => {
    const build = new ImageBuild("im-1", "an image");
    const kept = () => build.entries.map((entry) => (entry.kind === "output" ? entry.text : "")).join("");
    build.write("many ".repeat(900_000) + "end");
    assert.ok(kept().length > 1_000_000 && kept().length <= 2_000_000, `${kept().length}`);
    assert.ok(kept().endsWith("many end"));
    for (let part = 0; part < 1000; part += 1) build.write(" more".repeat(1000));
    assert.ok(kept().length > 1_000_000 && kept().length <= 2_000_000, `${kept().length}`);
  });
});
