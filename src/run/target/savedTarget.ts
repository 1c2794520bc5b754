import { isObject, isWords } from "../../base/guards";
import { maskSecrets } from "../output/maskSecrets";
import type { RunTarget } from "./target";

/** Returns a target for the disk: without its variables, whose values may be secret, and with secret words masked. */
export function withoutSecrets({ label, program, argv, file, args, workdir }: RunTarget): RunTarget {
  const masked = { argv: maskSecrets(argv), ...(args && { args: maskSecrets(args) }) };
  return { label, program, ...masked, ...(file && { file }), ...(workdir !== undefined && { workdir }) };
}

/** True if a record, which an earlier version may have written, is a target. */
export const isSavedTarget = (value: unknown): value is RunTarget =>
  isObject(value) &&
  typeof value.label === "string" &&
  typeof value.program === "string" &&
  isWords(value.argv) &&
  (value.args === undefined || isWords(value.args)) &&
  (value.file === undefined || isObject(value.file));
