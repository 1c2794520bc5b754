import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "mocha";
import { UserError } from "../../../../src/base/errors";
import { imageRecipe } from "../../../../src/sandboxes/spec/imageRecipe";
import type { ImageSource } from "../../../../src/sandboxes/spec/specDefinition";

const BASE = "python:3.12-slim";

function recipe(
  image: ImageSource,
  files: Record<string, string> = {},
  packages: string[] = [],
  aptPackages: string[] = [],
) {
  return imageRecipe({ image, packages, aptPackages }, (path) => Promise.resolve(files[path]));
}

const dockerfile = (text: string) => recipe({ kind: "dockerfile", path: "Dockerfile" }, { Dockerfile: text });

const isSentence = (pattern: RegExp) => (error: unknown) => error instanceof UserError && pattern.test(error.message);

describe("the recipe of an image", () => {
  it("is the registry name with packages on top", async () => {
    assert.deepEqual(await recipe({ kind: "registry", reference: "debian:13" }), {
      label: "debian:13",
      layers: [{ title: "FROM debian:13", commands: ["FROM debian:13"] }],
    });
    const { label, layers } = await recipe({ kind: "registry", reference: BASE }, {}, ["numpy", "torch>=2"], ["git"]);
    assert.equal(label, `${BASE} + 3 packages`);
    assert.deepEqual(
      layers.map(({ title }) => title),
      [`FROM ${BASE}`, "Installing Debian packages git", "Installing numpy, torch>=2"],
    );
    assert.match(layers[2]?.commands[0] ?? "", /pip install (')?numpy(')? 'torch>=2'$/);
  });

  it("has the exact contents of requirements.txt and all files that it includes", async () => {
    const large = Array.from({ length: 4000 }, (_, index) => `package-${index}==1.0  # "quoted" $HOME ü`).join("\n");
    const files = {
      "deploy/requirements.txt": "-r ../base.txt\n-c limits.txt\nnumpy\n",
      "base.txt": large,
      "deploy/limits.txt": "",
    };
    const { layers, label } = await recipe(
      { kind: "requirements", path: "deploy/requirements.txt", base: BASE },
      files,
    );
    assert.equal(label, "deploy/requirements.txt");
    const [from, install] = layers;
    assert.deepEqual(from.commands, [`FROM ${BASE}`]);
    assert.equal(install?.title, "Installing deploy/requirements.txt");
    assert.match(
      install.commands.at(-1) ?? "",
      /cd \S*\/opt\/modal-sandboxes\/deploy'? && .*pip install -r '?requirements\.txt'?$/,
    );

    const root = mkdtempSync(join(tmpdir(), "recipe-"));
    for (const command of install.commands.slice(0, -1)) {
      assert.ok(command.length < 60_000, "a builder reads lines up to 64 KiB");
      execFileSync("sh", ["-c", command.replace("RUN ", "").replaceAll("/opt/modal-sandboxes", root)]);
    }
    for (const [path, text] of Object.entries(files)) assert.equal(readFileSync(join(root, path), "utf8"), text);
    rmSync(root, { recursive: true });
  });

  it("changes if and only if a file changes", async () => {
    const source = { kind: "requirements", path: "requirements.txt", base: BASE } as const;
    const of = async (text: string) => JSON.stringify(await recipe(source, { "requirements.txt": text }));
    assert.equal(await of("numpy"), await of("numpy"));
    assert.notEqual(await of("numpy"), await of("numpy\nscipy"));
  });

  it("uses uv.lock for a pyproject.toml if there is one", async () => {
    const source = { kind: "pyproject", path: "app/pyproject.toml", base: BASE } as const;
    const loose = await recipe(source, { "app/pyproject.toml": "[project]" });
    assert.deepEqual(
      loose.layers.map(({ title }) => title),
      [`FROM ${BASE}`, "Installing uv", "Installing app/pyproject.toml"],
    );
    assert.match(loose.layers.at(-1)?.commands.at(-1) ?? "", /uv pip install .* -r '?pyproject\.toml'?$/);
    const locked = await recipe(source, { "app/pyproject.toml": "[project]", "app/uv.lock": "version = 1" });
    assert.equal(locked.layers.at(-1)?.title, "Installing app/uv.lock of app/pyproject.toml");
    assert.match(
      locked.layers.at(-1)?.commands.at(-1) ?? "",
      /uv export --frozen .*&& uv pip install .* -r locked\.txt$/,
    );
  });

  it("has a layer for every RUN of a Dockerfile, named after its line", async () => {
    const { layers } = await dockerfile(
      "# syntax=docker/dockerfile:1\nFROM debian:13\n\nENV A=1\nRUN one \\\n    # why\n    && two\nWORKDIR /srv\nRUN three\nENV B=2\n",
    );
    assert.deepEqual(layers, [
      { title: "Dockerfile:2 FROM debian:13", commands: ["FROM debian:13"] },
      { title: "Dockerfile:5 RUN one && two", commands: ["ENV A=1", "RUN one \\\n    && two"] },
      { title: "Dockerfile:9 RUN three", commands: ["WORKDIR /srv", "RUN three"] },
      { title: "Dockerfile:10 ENV B=2", commands: ["ENV B=2"] },
    ]);
  });

  it("keeps a Dockerfile in one piece if a line depends on more than the lines above it", async () => {
    for (const text of [
      "ARG TAG=13\nFROM debian:$TAG\nRUN one",
      "FROM a AS build\nRUN one\nFROM b\nCOPY --from=build /x /x",
      'FROM a\nSHELL ["/bin/bash", "-c"]\nRUN one',
      "FROM a\nRUN <<EOF\nCOPY is a word here\nEOF\nRUN two",
    ])
      assert.equal((await dockerfile(text)).layers.length, 1, text);
    const [layer] = (await dockerfile("FROM a\nRUN <<EOF\n# kept\ntwo\nEOF\nRUN three")).layers;
    assert.deepEqual(layer.commands, ["FROM a", "RUN <<EOF\n# kept\ntwo\nEOF", "RUN three"]);
  });

  it("names the line if a Dockerfile needs files of the folder", async () => {
    for (const line of ["COPY . /app", "copy --chown=1:1 a b", "ADD data.tar /data"])
      await assert.rejects(dockerfile(`FROM a\n${line}`), isSentence(/^Dockerfile:2 copies files of the folder/), line);
    await dockerfile("FROM a\nADD https://example.com/x /x");

    const source = { kind: "requirements", path: "requirements.txt", base: BASE } as const;
    for (const line of ["-e .", ".", "./lib", "../lib", "/srv/lib", "--editable=lib", "file:///x", ".[dev]"])
      await assert.rejects(
        recipe(source, { "requirements.txt": `numpy\n${line}` }),
        isSentence(/^requirements\.txt:2 installs from the folder/),
        line,
      );
    await recipe(source, {
      "requirements.txt": "-e git+https://example.com/x#egg=x\n--index-url https://example.com\n",
    });
  });

  it("names a missing file", async () => {
    await assert.rejects(
      recipe({ kind: "dockerfile", path: "Dockerfile" }),
      isSentence(/^Dockerfile doesn't exist in this folder\. Create it, or change/),
    );
    const files = { "requirements.txt": "-r more.txt" };
    await assert.rejects(
      recipe({ kind: "requirements", path: "requirements.txt", base: BASE }, files),
      isSentence(/more\.txt/),
    );
    await assert.rejects(dockerfile("RUN one"), isSentence(/has no FROM/));
  });
});
