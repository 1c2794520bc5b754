import { firstOf, launchers } from "./launchers";
import { maskLine } from "../output/maskSecrets";
import type { RunTarget } from "./target";

/** Longer labels don't fit in a terminal's name. */
const LABEL_LENGTH = 40;

/** Returns the target for a shell's command line. */
export function commandTarget(command: string): RunTarget {
  const [line = ""] = command.trim().split("\n");
  const shown = maskLine(line);
  const label = shown.length > LABEL_LENGTH ? `${shown.slice(0, LABEL_LENGTH - 1)}…` : shown;
  // Skips variables before the program, because only the program can be missing from an image.
  const program = line.split(/\s+/).find((word) => !/^\w+=/.test(word)) ?? "sh";
  return { label, program, argv: [...firstOf("bash", "sh"), "-c", command] };
}

/** Returns the target for a module, named as for `python -m`. */
export const moduleTarget = (module: string): RunTarget => {
  const { argv, program } = launchers.python;
  return { label: module, program, argv: [...argv, "-m", module] };
};
