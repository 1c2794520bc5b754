import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { runInThisContext } from "node:vm";
import type { CompatServiceDefinition } from "nice-grpc";

/** The SDK does not export its definitions, so its module is run again with one more export. */
export function sdkDefinition(name: "ModalClientDefinition" | "TaskCommandRouterDefinition"): CompatServiceDefinition {
  const path = createRequire(__filename).resolve("modal");
  const source = `${readFileSync(path, "utf8")}\nmodule.exports = ${name};`;
  const run = runInThisContext(`(function (require, module, __filename, __dirname) {${source}\n})`, path) as RunModule;
  const module: { exports: unknown } = { exports: {} };
  run(createRequire(path), module, path, dirname(path));
  return module.exports as CompatServiceDefinition;
}

type RunModule = (require: NodeJS.Require, module: { exports: unknown }, filename: string, dirname: string) => void;
