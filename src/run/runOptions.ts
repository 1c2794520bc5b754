import { isObject, isWords } from "../base/guards";
import type { SecretStore } from "../base/ports";
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

/** All of it in a line, and whether there is anything to say. */
export function describeOptions({ args, env, workdir }: RunOptions): string {
  const parts = [joinWords(args), formatVariables(env), workdir && `in ${workdir}`].filter((part) => part !== "");
  return parts.length === 0 ? "no arguments" : parts.join(" · ");
}

const MEMORY = "modalSandboxes.runOptions";

/** So many are kept of each file, and of so many files. */
const KEPT = 10;
const KEPT_FILES = 200;

/** What each file was run with, the last first. Kept as secrets are: variables and arguments may hold some. */
export class RunOptionsMemory {
  readonly #secrets: SecretStore;

  constructor(secrets: SecretStore) {
    this.#secrets = secrets;
  }

  /** `key` names the file. */
  async of(key: string): Promise<readonly RunOptions[]> {
    return (await this.#all()).get(key) ?? [];
  }

  async remember(key: string, options: RunOptions): Promise<void> {
    const all = await this.#all();
    const same = JSON.stringify(options);
    const others = (all.get(key) ?? []).filter((known) => JSON.stringify(known) !== same);
    all.delete(key);
    const files = [[key, [options, ...others].slice(0, KEPT)], ...all].slice(0, KEPT_FILES);
    await this.#secrets.store(MEMORY, JSON.stringify(files));
  }

  async #all(): Promise<Map<string, readonly RunOptions[]>> {
    const stored: unknown = JSON.parse((await this.#secrets.get(MEMORY)) ?? "[]");
    if (!Array.isArray(stored)) return new Map();
    return new Map(stored.flatMap((entry: unknown) => (isEntry(entry) ? [entry] : [])));
  }
}

const isEntry = (value: unknown): value is [string, RunOptions[]] =>
  Array.isArray(value) && typeof value[0] === "string" && Array.isArray(value[1]) && value[1].every(isOptions);

const isOptions = (value: unknown): value is RunOptions =>
  isObject(value) &&
  isWords(value.args) &&
  isObject(value.env) &&
  Object.values(value.env).every((text) => typeof text === "string") &&
  typeof value.workdir === "string";
