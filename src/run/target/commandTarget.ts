import { firstOf, launchers } from "./launchers";
import { maskLine } from "../output/maskSecrets";
import type { RunTarget } from "./target";

/** A terminal's name has no room for more. */
const LABEL_LENGTH = 40;

/** A command line, as a shell takes it. */
export function commandTarget(command: string): RunTarget {
  const [line = ""] = command.trim().split("\n");
  const shown = maskLine(line);
  const label = shown.length > LABEL_LENGTH ? `${shown.slice(0, LABEL_LENGTH - 1)}…` : shown;
  // The variables before the program are not what an image can lack.
  const program = line.split(/\s+/).find((word) => !/^\w+=/.test(word)) ?? "sh";
  return { label, program, argv: [...firstOf("bash", "sh"), "-c", command] };
}

/** A module, as `python -m` takes it. */
export const moduleTarget = (module: string): RunTarget => {
  const { argv, program } = launchers.python;
  return { label: module, program, argv: [...argv, "-m", module] };
};
