import { isObject, isWords } from "../../base/guards";
import { UserError } from "../../base/errors";
import { parseGpu, type GpuRequest } from "../../modal/gpus";
import type { RunOptions } from "./runOptions";

/** What a task of the type `modal` runs, and where. */
export interface TaskDefinition {
  readonly what: { readonly kind: "file" | "module" | "command"; readonly name: string };
  readonly options: RunOptions;
  /** What its sandbox is like; else as the settings say. */
  readonly place: { readonly gpu: GpuRequest | undefined } | { readonly spec: string } | undefined;
}

const kinds = ["file", "module", "command"] as const;

/** Reads a task as tasks.json has it. Throws a sentence where it makes no sense. */
export function parseTask(task: Readonly<Record<string, unknown>>): TaskDefinition {
  const given = kinds.filter((kind) => task[kind] !== undefined);
  const [kind] = given;
  if (kind === undefined || given.length > 1) throw wrong('say what it runs: one of "file", "module" or "command"');
  const { args = [], env = {}, workdir = "", gpu, spec } = task;
  if (!isWords(args)) throw wrong('"args" is a list of texts');
  if (kind === "command" && args.length > 0) throw wrong('a "command" has its arguments in it, not in "args"');
  if (!isTextMap(env)) throw wrong('"env" has a text for each name');
  if (gpu !== undefined && spec !== undefined) throw wrong('say "gpu" or "spec", not both');
  return {
    what: { kind, name: textOf(kind, task[kind]) },
    options: { args, env, workdir: textOf("workdir", workdir, true) },
    place: spec === undefined ? (gpu === undefined ? undefined : { gpu: gpuOf(gpu) }) : { spec: textOf("spec", spec) },
  };
}

function gpuOf(value: unknown): GpuRequest | undefined {
  if (value === "CPU") return undefined;
  const gpu = typeof value === "string" ? parseGpu(value) : undefined;
  if (!gpu) throw wrong(`"gpu" is no GPU type: write T4, H100:2 or CPU`);
  return gpu;
}

function textOf(name: string, value: unknown, mayBeEmpty = false): string {
  if (typeof value !== "string" || (value.trim() === "" && !mayBeEmpty)) throw wrong(`"${name}" is a text`);
  return value;
}

const isTextMap = (value: unknown): value is Record<string, string> => isObject(value) && isWords(Object.values(value));

const wrong = (remedy: string) => new UserError(`The task cannot be run as tasks.json has it: ${remedy}.`);
