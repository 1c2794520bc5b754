import { isObject, isWords } from "../base/guards";
import type { RunTarget } from "./target";

/** A target for the disk: what variables hold may be secret. */
export function withoutVariables({ label, program, argv, file, args, workdir }: RunTarget): RunTarget {
  const optional = { ...(file && { file }), ...(args && { args }), ...(workdir !== undefined && { workdir }) };
  return { label, program, argv, ...optional };
}

/** Whether what an earlier version may have written is a target. */
export const isSavedTarget = (value: unknown): value is RunTarget =>
  isObject(value) &&
  typeof value.label === "string" &&
  typeof value.program === "string" &&
  isWords(value.argv) &&
  (value.args === undefined || isWords(value.args)) &&
  (value.file === undefined || isObject(value.file));
