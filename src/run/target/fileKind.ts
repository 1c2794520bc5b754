/** A file as the editor sees it. */
export interface SourceFile {
  /** The file name with the extension: `train.py`. */
  readonly name: string;
  /** VS Code's language id. */
  readonly languageId: string;
  /** Without the line break. */
  readonly firstLine: string;
}

/** The kinds of files that can run without asking the user how. */
export type FileKind = "python" | "shell" | "javascript" | "typescript" | "cuda" | "notebook";

const byLanguage: Partial<Record<string, FileKind>> = {
  python: "python",
  shellscript: "shell",
  javascript: "javascript",
  typescript: "typescript",
  cuda: "cuda",
  "cuda-cpp": "cuda",
};

const byExtension: Partial<Record<string, FileKind>> = {
  py: "python",
  pyw: "python",
  sh: "shell",
  bash: "shell",
  js: "javascript",
  mjs: "javascript",
  cjs: "javascript",
  ts: "typescript",
  mts: "typescript",
  cts: "typescript",
  cu: "cuda",
  ipynb: "notebook",
};

/** Returns the kind of a file by its language, or else by its extension. */
export function kindOf({ name, languageId }: Omit<SourceFile, "firstLine">): FileKind | undefined {
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  return byLanguage[languageId] ?? byExtension[extension];
}

/**
 * Returns the words of a `#!` line as the kernel reads them: an interpreter and at most one argument, or the words
 * after `env`.
 */
export function shebangWords(firstLine: string): readonly [string, ...string[]] | undefined {
  const [, interpreter, argument] = /^#!\s*(\/\S+)(?:\s+(\S.*?))?\s*$/.exec(firstLine) ?? [];
  if (interpreter === undefined) return undefined;
  const isEnv = interpreter.endsWith("/env") && argument !== undefined;
  const [program, ...words] = isEnv ? argument.replace(/^-S\s+/, "").split(/\s+/) : [];
  if (program !== undefined) return [program, ...words];
  return argument === undefined ? [interpreter] : [interpreter, argument];
}

/** True if the file can run without asking the user how. */
export const canRun = (file: SourceFile): boolean =>
  kindOf(file) !== undefined || shebangWords(file.firstLine) !== undefined;

/**
 * The language ids and extensions of files that the Explorer offers to run. It doesn't know their first lines, so it
 * also offers files without an extension.
 */
export const runnableFiles: readonly string[] = [
  ...Object.keys(byLanguage),
  ...Object.keys(byExtension).map((extension) => `.${extension}`),
  "",
];
