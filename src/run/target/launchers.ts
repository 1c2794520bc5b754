import { STATE_FOLDER } from "../../base/stateFolder";
import { kindOf, shebangWords, type FileKind, type SourceFile } from "./fileKind";
import CUDA from "./remote/cuda.sh";
import FIRST_OF from "./remote/firstOf.sh";
import NOTEBOOK from "./remote/notebook.py";

/** A way to run a file: the words that precede its path. */
export interface Launcher {
  readonly label: string;
  readonly argv: readonly string[];
  /** The program that the image must have. Error messages name it if it is missing. */
  readonly program: string;
  /** The extension for a file that has none, because some programs depend on it. */
  readonly extension: string;
}

/** Runs the first of several programs that the image has, followed by the remaining words. */
export const firstOf = (...candidates: string[]): string[] => ["sh", "-c", FIRST_OF, "sh", candidates.join(",")];

export const launchers = {
  python: { label: "Python", argv: ["python3"], program: "python3", extension: ".py" },
  shell: { label: "Shell", argv: firstOf("bash", "sh"), program: "sh", extension: ".sh" },
  javascript: { label: "JavaScript", argv: ["node"], program: "node", extension: ".js" },
  typescript: {
    label: "TypeScript",
    argv: firstOf("tsx", "bun", "deno run --allow-all", "node --experimental-strip-types --no-warnings"),
    program: "node",
    extension: ".ts",
  },
  cuda: { label: "CUDA", argv: ["sh", "-c", CUDA, "sh", STATE_FOLDER], program: "nvcc", extension: ".cu" },
  notebook: { label: "Notebook", argv: ["python3", "-c", NOTEBOOK], program: "python3", extension: ".ipynb" },
} as const satisfies Record<FileKind, Launcher>;

/**
 * Determines how to run a file: by its language, then its extension, then its `#!` line. A shell script keeps the shell
 * that its `#!` line names. If none of these is known, returns `undefined`: ask the user, never guess.
 */
export function findLauncher(file: SourceFile): Launcher | undefined {
  const kind = kindOf(file);
  const known = kind && launchers[kind];
  return known === undefined || known === launchers.shell ? (fromShebang(file.firstLine) ?? known) : known;
}

function fromShebang(firstLine: string): Launcher | undefined {
  const argv = shebangWords(firstLine);
  return argv && { label: argv[0], argv, program: argv[0], extension: "" };
}
