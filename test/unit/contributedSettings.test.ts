import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, it } from "mocha";
import { gpuArgument, gpuTypes, parseGpu } from "../../src/modal/gpus";
import { settingsTables } from "../support/settingsTable";
import { readManifest } from "./support/manifest";
import { firstArguments, readFromRoot, readSourceFiles } from "./support/sourceFiles";

const manifest = readManifest();
const { configuration } = manifest.contributes;
const files = readSourceFiles();
const settings = configuration.flatMap(({ properties }) => Object.entries(properties));

describe("contributed settings", () => {
  it("are exactly those that the code reads", () => {
    const file = files.find(({ path }) => path === "ui/settings.ts");
    assert.ok(file);
    const read = firstArguments(file.tree, "setting").map((name) => `modalSandboxes.${name}`);
    assert.deepEqual(sorted([...new Set(read)]), sorted(settings.map(([id]) => id)));
  });

  it("are in five groups, each in the order shown", () => {
    assert.deepEqual(
      configuration.map(({ title, order }) => [title, order]),
      ["Account", "Sandboxes", "Runs", "Sync", "Spending"].map((title, index) => [title, index + 1]),
    );
    for (const { title, properties } of configuration)
      assert.deepEqual(
        Object.values(properties).map(({ order }) => order),
        Object.keys(properties).map((_, index) => index + 1),
        title,
      );
  });

  it("have the prefix of their group unless they are about the account or the sandbox itself", () => {
    const prefixes = configuration.map(({ properties }) => [
      ...new Set(Object.keys(properties).map((id) => (/^modalSandboxes\.(?:(\w+)\.)?/.exec(id) ?? [])[1])),
    ]);
    assert.deepEqual(prefixes, [[undefined], [undefined], ["runs"], ["sync"], ["spending"]]);
  });

  it("are named in the code and in the README by their real names", () => {
    const opened = /action\.openSettings",\s*(?:arguments: \[\s*)?"(modalSandboxes\.[\w.]+)"/g;
    const named = [
      ...files.flatMap(({ tree }) => [...tree.text.matchAll(opened)]),
      ...readFromRoot("README.md").matchAll(/`(modalSandboxes\.[\w.]+\w)/g),
    ].map(([, id]) => id ?? "");
    assert.ok(named.length > 0);
    assert.deepEqual(
      named.filter((id) => !settings.some(([known]) => known === id || known.startsWith(`${id}.`))),
      [],
    );
  });

  it("are listed in the README with the first sentence of their description", () => {
    const readme = readFromRoot("README.md");
    const updated = readme.replace(
      /(?<=<!-- settings:.*-->\n)[^]*(?=<!-- \/settings -->)/,
      () => `\n${settingsTables(configuration)}\n\n`,
    );
    if (process.env.UPDATE_README) writeFileSync("README.md", updated);
    else assert.equal(readme, updated, "UPDATE_README=1 npm run test:unit -- --grep README writes the table");
  });

  it("are all restricted, because each can run code, spend or connect", () => {
    assert.deepEqual(
      sorted(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations),
      sorted(settings.map(([id]) => id)),
    );
  });

  it("have a default within their bounds, a description, a scope and a position", () => {
    for (const [id, setting] of settings) {
      assert.notEqual(setting.default, undefined, id);
      assert.ok(setting.markdownDescription.length > 20 && setting.scope && setting.order > 0, id);
      if (typeof setting.default !== "number") continue;
      assert.ok(setting.minimum !== undefined && setting.minimum <= setting.default, id);
      assert.ok(setting.maximum !== undefined && setting.maximum >= setting.default, id);
    }
  });

  it("accept every GPU that Modal offers, and nothing else", () => {
    const gpus = settings.find(([id]) => id === "modalSandboxes.gpus")?.[1];
    const pattern = new RegExp(gpus?.items?.pattern ?? "^$");
    const all = gpuTypes.flatMap(({ name, maxCount }) =>
      Array.from({ length: maxCount }, (_, index) => gpuArgument({ type: name, count: index + 1 })),
    );
    for (const text of ["CPU", ...all]) assert.match(text, pattern);
    for (const text of ["A10:5", "T4:9", "H100:0", "V100", "CPU:2", "T4 ", ""]) {
      assert.doesNotMatch(text, pattern);
      if (text !== "T4 ") assert.equal(parseGpu(text), undefined, text);
    }
  });
});

const sorted = (names: readonly string[]): string[] => [...names].sort();
