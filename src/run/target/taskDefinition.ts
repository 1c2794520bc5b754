import { isObject, isWords } from "../../base/guards";
import { UserError } from "../../base/errors";
import { parseGpu, type GpuRequest } from "../../modal/gpus";
import type { RunOptions } from "./runOptions";

/** A task of type `modal`: the program and the place to run it. */
export interface TaskDefinition {
  readonly what: { readonly kind: "file" | "module" | "command"; readonly name: string };
  readonly options: RunOptions;
  /** The properties of its sandbox. By default those in the settings. */
  readonly place: { readonly gpu: GpuRequest | undefined } | { readonly spec: string } | undefined;
}

const kinds = ["file", "module", "command"] as const;

/** Reads a task from tasks.json. Throws a `UserError` if it is invalid. */
export function parseTask(task: Readonly<Record<string, unknown>>): TaskDefinition {
  const given = kinds.filter((kind) => task[kind] !== undefined);
  const [kind] = given;
  if (kind === undefined || given.length > 1) throw wrong('specify exactly one of "file", "module" or "command"');
  const { args = [], env = {}, workdir = "", gpu, spec } = task;
  if (!isWords(args)) throw wrong('"args" must be a list of strings');
  if (kind === "command" && args.length > 0) throw wrong('put the arguments of a "command" into it, not into "args"');
  if (!isTextMap(env)) throw wrong('"env" must have a string for each name');
  if (gpu !== undefined && spec !== undefined) throw wrong('specify "gpu" or "spec", not both');
  return {
    what: { kind, name: textOf(kind, task[kind]) },
    options: { args, env, workdir: textOf("workdir", workdir, true) },
    place: spec === undefined ? (gpu === undefined ? undefined : { gpu: gpuOf(gpu) }) : { spec: textOf("spec", spec) },
  };
}

function gpuOf(value: unknown): GpuRequest | undefined {
  if (value === "CPU") return undefined;
  const gpu = typeof value === "string" ? parseGpu(value) : undefined;
  if (!gpu) throw wrong(`"gpu" must be a GPU type such as T4 or H100:2, or CPU`);
  return gpu;
}

function textOf(name: string, value: unknown, mayBeEmpty = false): string {
  if (typeof value !== "string" || (value.trim() === "" && !mayBeEmpty)) throw wrong(`"${name}" must be a string`);
  return value;
}

const isTextMap = (value: unknown): value is Record<string, string> => isObject(value) && isWords(Object.values(value));

const wrong = (remedy: string) => new UserError(`The task in tasks.json is invalid: ${remedy}.`);
