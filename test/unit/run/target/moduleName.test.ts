import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { modulePlace } from "../../../../src/run/target/moduleName";

const place = (path: string, ...packages: string[]) => modulePlace(path, new Set(packages));

describe("the module name of a file", () => {
  it("starts at its outermost package, and the run starts above that", () => {
    assert.deepEqual(place("app/train.py", "app"), { module: "app.train", workdir: "" });
    assert.deepEqual(place("src/app/deep/train.py", "src/app", "src/app/deep"), {
      module: "app.deep.train",
      workdir: "src",
    });
  });

  it("starts at the folder if there is no package on the way", () => {
    assert.deepEqual(place("train.py"), { module: "train", workdir: "" });
    assert.deepEqual(place("scripts/train.py"), { module: "scripts.train", workdir: "" });
  });

  it("is the package's name for the files that stand for it", () => {
    assert.deepEqual(place("src/app/__main__.py", "src/app"), { module: "app", workdir: "src" });
    assert.deepEqual(place("app", "app"), { module: "app", workdir: "" });
  });

  it("is absent if the path is not a valid name", () => {
    assert.equal(place("my-app/train.py"), undefined);
    assert.equal(place("__main__.py"), undefined);
    assert.deepEqual(place("my-project/app/train.py", "my-project/app"), {
      module: "app.train",
      workdir: "my-project",
    });
  });
});
