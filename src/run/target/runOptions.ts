import { isDeepStrictEqual } from "node:util";
import { isObject, isWords } from "../../base/guards";
import type { SecretStore } from "../../base/ports";
import { FileMemory } from "./fileMemory";
import { maskLine } from "../output/maskSecrets";
import type { RunTarget } from "./target";
import { formatVariables, joinWords } from "./words";

/** How a program is run, other than by itself. */
export interface RunOptions {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Relative to the folder; empty for the folder itself. */
  readonly workdir: string;
}

export const noOptions: RunOptions = { args: [], env: {}, workdir: "" };

/** A target with options; what they leave open stays as it is. */
export const withOptions = (target: RunTarget, { args, env, workdir }: RunOptions): RunTarget => ({
  ...target,
  ...(args.length > 0 && { args }),
  ...(Object.keys(env).length > 0 && { env }),
  ...(workdir !== "" && { workdir }),
});

/** All of it in a line, with secrets masked. */
export function describeOptions({ args, env, workdir }: RunOptions): string {
  const parts = [maskLine(joinWords(args)), maskLine(formatVariables(env)), workdir && `in ${workdir}`].filter(
    (part) => part !== "",
  );
  return parts.length === 0 ? "no arguments" : parts.join(" · ");
}

/** So many are kept of each file. */
const KEPT = 10;

/** What each file was run with, the last first. */
export class RunOptionsMemory {
  readonly #memory: FileMemory<readonly RunOptions[]>;

  constructor(secrets: SecretStore) {
    this.#memory = new FileMemory({ secrets, key: "modalSandboxes.runOptions", isValue: isOptionsList, maxFiles: 200 });
  }

  /** `key` names the file. */
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
