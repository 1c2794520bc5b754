import { STATE_FOLDER } from "../../base/stateFolder";
import CUDA from "./remote/cuda.sh";
import FIRST_OF from "./remote/firstOf.sh";
import NOTEBOOK from "./remote/notebook.py";

/** A file to run, as the editor knows it. */
export interface SourceFile {
  /** Its name with the extension: `train.py`. */
  readonly name: string;
  /** VS Code's language id. */
  readonly languageId: string;
  /** Without the line break. */
  readonly firstLine: string;
}

/** A way to run a file: the words that come before its path. */
export interface Launcher {
  readonly label: string;
  readonly argv: readonly string[];
  /** The program that the image must have, for the message when it lacks it. */
  readonly program: string;
  /** What a file without an extension gets, since some programs go by it. */
  readonly extension: string;
}

/** The first of several programs that the image has, given the rest of the words. */
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
} as const satisfies Record<string, Launcher>;

const byLanguage: Partial<Record<string, Launcher>> = {
  python: launchers.python,
  shellscript: launchers.shell,
  javascript: launchers.javascript,
  typescript: launchers.typescript,
  cuda: launchers.cuda,
  "cuda-cpp": launchers.cuda,
};

const byExtension: Partial<Record<string, Launcher>> = {
  py: launchers.python,
  pyw: launchers.python,
  sh: launchers.shell,
  bash: launchers.shell,
  js: launchers.javascript,
  mjs: launchers.javascript,
  cjs: launchers.javascript,
  ts: launchers.typescript,
  mts: launchers.typescript,
  cts: launchers.typescript,
  cu: launchers.cuda,
  ipynb: launchers.notebook,
};

/**
 * How to run a file: by its language, then its extension, then its `#!` line. A shell script keeps the shell that its
 * `#!` line names. `undefined` where nothing says it; then ask, never guess.
 */
export function findLauncher({ name, languageId, firstLine }: SourceFile): Launcher | undefined {
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  const known = byLanguage[languageId] ?? byExtension[extension];
  return known === undefined || known === launchers.shell ? (fromShebang(firstLine) ?? known) : known;
}

/** As the kernel reads the line: an interpreter and at most one argument. */
function fromShebang(firstLine: string): Launcher | undefined {
  const [, interpreter, argument] = /^#!\s*(\/\S+)(?:\s+(\S.*?))?\s*$/.exec(firstLine) ?? [];
  if (interpreter === undefined) return undefined;
  const isEnv = interpreter.endsWith("/env") && argument !== undefined;
  const words = isEnv ? argument.replace(/^-S\s+/, "").split(/\s+/) : [];
  const program = words[0] ?? interpreter;
  const argv = isEnv ? words : [interpreter, ...(argument === undefined ? [] : [argument])];
  return { label: program, argv, program, extension: "" };
}
