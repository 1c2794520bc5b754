import { isDeepStrictEqual } from "node:util";
import { isObject, isWords } from "../../base/guards";
import type { SecretStore } from "../../base/ports";
import { FileMemory } from "./fileMemory";
import { maskLine } from "../output/maskSecrets";
import type { RunTarget } from "./target";
import { formatVariables, joinWords } from "./words";

/** Options for running a program. */
export interface RunOptions {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Relative to the synced folder, empty for the folder itself. */
  readonly workdir: string;
}

export const noOptions: RunOptions = { args: [], env: {}, workdir: "" };

/** Returns a target with these options. Empty options leave the target unchanged. */
export const withOptions = (target: RunTarget, { args, env, workdir }: RunOptions): RunTarget => ({
  ...target,
  ...(args.length > 0 && { args }),
  ...(Object.keys(env).length > 0 && { env }),
  ...(workdir !== "" && { workdir }),
});

/** Describes the options in one line, with secrets masked. */
export function describeOptions({ args, env, workdir }: RunOptions): string {
  const parts = [maskLine(joinWords(args)), maskLine(formatVariables(env)), workdir && `in ${workdir}`].filter(
    (part) => part !== "",
  );
  return parts.length === 0 ? "no arguments" : parts.join(" · ");
}

/** The number of options that are kept for each file. */
const KEPT = 10;

/** The options with which each file was run, latest first. */
export class RunOptionsMemory {
  readonly #memory: FileMemory<readonly RunOptions[]>;

  constructor(secrets: SecretStore) {
    this.#memory = new FileMemory({ secrets, key: "modalSandboxes.runOptions", isValue: isOptionsList, maxFiles: 200 });
  }

  /** `key` identifies the file. */
  async of(key: string): Promise<readonly RunOptions[]> {
    return (await this.#memory.of(key)) ?? [];
  }

  async remember(key: string, options: RunOptions): Promise<void> {
    const others = (await this.of(key)).filter((known) => !isDeepStrictEqual(known, options));
    await this.#memory.remember(key, [options, ...others].slice(0, KEPT));
  }
}

const isOptionsList = (value: unknown): value is readonly RunOptions[] =>
  Array.isArray(value) && value.every(isOptions);

const isOptions = (value: unknown): value is RunOptions =>
  isObject(value) &&
  isWords(value.args) &&
  isObject(value.env) &&
  Object.values(value.env).every((text) => typeof text === "string") &&
  typeof value.workdir === "string";
