import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { modulePlace } from "../../../../src/run/target/moduleName";

const place = (path: string, ...packages: string[]) => modulePlace(path, new Set(packages));

describe("the module that a file is", () => {
  it("is named from its outermost package, and started above that", () => {
    assert.deepEqual(place("app/train.py", "app"), { module: "app.train", workdir: "" });
    assert.deepEqual(place("src/app/deep/train.py", "src/app", "src/app/deep"), {
      module: "app.deep.train",
      workdir: "src",
    });
  });

  it("is named from the folder where nothing on the way is a package", () => {
    assert.deepEqual(place("train.py"), { module: "train", workdir: "" });
    assert.deepEqual(place("scripts/train.py"), { module: "scripts.train", workdir: "" });
  });

  it("is its package for the files that stand for one", () => {
    assert.deepEqual(place("src/app/__main__.py", "src/app"), { module: "app", workdir: "src" });
    assert.deepEqual(place("app", "app"), { module: "app", workdir: "" });
  });

  it("is none where the path makes no name", () => {
    assert.equal(place("my-app/train.py"), undefined);
    assert.equal(place("__main__.py"), undefined);
    assert.deepEqual(place("my-project/app/train.py", "my-project/app"), {
      module: "app.train",
      workdir: "my-project",
    });
  });
});
