import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { readManifest, type Setting } from "../../support/manifest";
import { specFields } from "../../../../src/sandboxes/spec/specFields";
import { UserError } from "../../../../src/base/errors";
import { readDefinition, writeDefinition, type WrittenSpec } from "../../../../src/sandboxes/spec/writtenSpec";

const DEFAULTS: WrittenSpec = {
  gpu: "CPU",
  gpuFallback: [],
  image: "python:3.12-slim",
  packages: [],
  aptPackages: [],
  cpu: 2,
  memoryMiB: 4096,
  timeoutMinutes: 60,
  idleTimeoutMinutes: 10,
  ports: [8000],
  volumes: {},
  secrets: [],
  env: {},
  regions: [],
  network: "open",
};
const defaults = readDefinition(DEFAULTS, "the settings");
const read = (written: WrittenSpec) => readDefinition(written, 'The spec "train"', defaults);

const FULL: WrittenSpec = {
  gpu: "H100:2",
  gpuFallback: ["A100-80GB", "L40S:4"],
  image: { requirements: "deploy/requirements.txt", base: "pytorch/pytorch:2.9.0" },
  packages: ["numpy", "torch==2.9.0", "transformers[torch]>=4.50"],
  aptPackages: ["git", "libgl1"],
  cpu: 8,
  memoryMiB: 65_536,
  timeoutMinutes: 240,
  idleTimeoutMinutes: 30,
  ports: [8000, 6006],
  volumes: { "/data": "datasets", "/mnt/models": { volume: "models", readOnly: true } },
  secrets: ["hugging-face"],
  env: { LOG_LEVEL: "debug" },
  regions: ["us", "eu-west"],
  network: { cidrs: ["10.0.0.0/8", "fd00::/8"], domains: ["*.example.com"] },
};

describe("the settings of sandboxes", () => {
  const properties = Object.assign(
    {},
    ...readManifest().contributes.configuration.map((part) => part.properties),
  ) as Readonly<Record<string, Setting>>;
  const keys = Object.values(specFields).map(({ key }) => key);

  it("have a schema for exactly the properties of a named spec", () => {
    assert.deepEqual(
      Object.keys(properties["modalSandboxes.specs"]?.additionalProperties?.properties ?? {}).sort(),
      [...keys].sort(),
    );
  });

  it("cover everything but the GPU, with a useful default", () => {
    const written = keys.flatMap((key) =>
      key === "gpu" ? [] : [[key, properties[`modalSandboxes.${key}`]?.default] as const],
    );
    assert.deepEqual(readDefinition({ gpu: "CPU", ...Object.fromEntries(written) }, "The settings"), defaults);
  });
});

describe("a written spec", () => {
  it("is read into a definition, in milliseconds and with every form of its properties", () => {
    const { gpu, timeoutMs, idleTimeoutMs, volumes, network, image } = read(FULL);
    assert.deepEqual(gpu, { type: "H100", count: 2 });
    assert.equal(timeoutMs, 240 * 60_000);
    assert.equal(idleTimeoutMs, 30 * 60_000);
    assert.deepEqual(image, { kind: "requirements", path: "deploy/requirements.txt", base: "pytorch/pytorch:2.9.0" });
    assert.deepEqual(volumes, [
      { path: "/data", volume: "datasets", isReadOnly: false },
      { path: "/mnt/models", volume: "models", isReadOnly: true },
    ]);
    assert.deepEqual(network, {
      kind: "allowlist",
      cidrs: ["10.0.0.0/8", "fd00::/8"],
      domains: ["*.example.com"],
    });
  });

  it("is written as it was read", () => {
    assert.deepEqual(writeDefinition(read(FULL), defaults), FULL);
    for (const image of [
      "debian:13",
      "./Dockerfile",
      "./a/pyproject.toml",
      { dockerfile: "image" },
      { requirements: "packages" },
    ])
      assert.deepEqual(writeDefinition(read({ image }), defaults), { gpu: "CPU", image });
  });

  it("gets missing properties from the settings, and does not repeat them", () => {
    const definition = read({ gpu: "t4" });
    assert.deepEqual(definition, { ...defaults, gpu: { type: "T4", count: 1 } });
    assert.deepEqual(writeDefinition(definition, defaults), { gpu: "T4" });
  });

  it("is refused with the invalid property and its valid values", () => {
    const wrong: WrittenSpec = {
      gpu: ["V100", "H100:9", "", 3, null],
      gpuFallback: ["H100", ["CPU"], ["T4", "T4"]],
      image: [
        ...[
          "",
          "two words",
          "-x",
          "./",
          "./image",
          "./../Dockerfile",
          {},
          { dockerfile: "/etc/Dockerfile" },
          { dockerfile: "../Dockerfile" },
        ],
        ...[
          { dockerfile: "Dockerfile", base: "debian" },
          { requirements: "a", pyproject: "b" },
          { requirements: "C:\\a" },
        ],
        ...[{ pyproject: "pyproject.toml", base: "two words" }, { dockerfile: 1 }, ["debian"]],
      ],
      packages: ["numpy", ["num py"], ["--index-url=x"], ["numpy; rm -rf /"], ["$(id)"], ["a", "a"]],
      aptPackages: [["git; id"], ["-y"], ["Git"]],
      cpu: [0, 65, "2", Number.NaN],
      memoryMiB: [127, 1.5, 400_000],
      timeoutMinutes: [0, 1441, 1.5],
      idleTimeoutMinutes: [0, "10"],
      ports: [[0], [65_536], [80, 80], ["80"], 80],
      volumes: [
        { data: "x" },
        { "/": "x" },
        { "/a/../b": "x" },
        { "/a//b": "x" },
        { "/a": "no name" },
        { "/a": { volume: "x", mode: 1 } },
        [],
      ],
      secrets: [["no name"], "hf"],
      env: [{ "1A": "x" }, { A: 1 }, ["A=1"]],
      regions: [["US"], "us"],
      network: [
        "closed",
        { cidrs: ["10.0.0.0"] },
        { cidrs: ["10.0.0.0/33"] },
        { domains: ["http://a.b"] },
        { hosts: [] },
      ],
    };
    for (const [key, values] of Object.entries(wrong))
      for (const value of values as readonly unknown[])
        assert.throws(
          () => read({ [key]: value }),
          (error) =>
            error instanceof UserError &&
            error.message.startsWith(`The spec "train": "${key}" must be `) &&
            error.actions.length === 1,
          `${key}: ${JSON.stringify(value)}`,
        );
  });

  it("is refused if it has an unknown property", () => {
    assert.throws(() => read({ gpus: ["T4"] }), /^UserError: The spec "train" has "gpus", which isn't a property/);
  });
});
