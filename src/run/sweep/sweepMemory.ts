import { isWords } from "../../base/guards";
import type { SecretStore } from "../../base/ports";
import type { ArgumentSet } from "../target/argumentSets";
import { FileMemory } from "../target/fileMemory";

/** The argument sets of each file's last sweep. */
export const sweepMemory = (secrets: SecretStore): FileMemory<readonly ArgumentSet[]> =>
  new FileMemory({ secrets, key: "modalSandboxes.sweepSets", isValue: isSets, maxFiles: 50 });

const isSets = (value: unknown): value is readonly ArgumentSet[] => Array.isArray(value) && value.every(isWords);
