export interface Instruction {
  /** In capitals. */
  readonly name: string;
  readonly argument: string;
}

export type Variables = Readonly<Record<string, string>>;

/** Splits Dockerfile commands into instructions. Continued lines are joined; comments and empty lines are dropped. */
export const readInstructions = (commands: readonly string[]): Instruction[] =>
  commands.flatMap(linesOf).map((line) => {
    const [, name = "", argument = ""] = /^\s*(\S+)\s*([^]*?)\s*$/.exec(line) ?? [];
    return { name: name.toUpperCase(), argument };
  });

const linesOf = (command: string): string[] =>
  command
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("#"))
    .join("\n")
    .replaceAll(/\\[ \t]*\n/g, "")
    .split("\n")
    .filter((line) => line.trim() !== "");

/** Reads `A=1 B="two words"`, or the older form `A the rest`, and expands variables. */
export function readAssignments(argument: string, variables: Variables): Record<string, string> {
  const [, oldName, oldValue] = /^(\w+)[ \t]+([^=]*)$/.exec(argument) ?? [];
  if (oldName !== undefined && oldValue !== undefined) return { [oldName]: expand(oldValue, variables) };
  const pairs = argument.matchAll(/([\w.-]+)=((?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])*)/g);
  return Object.fromEntries([...pairs].map(([, name = "", value = ""]) => [name, readValue(value, variables)]));
}

/** Reads a word as a shell would: quotes are removed, and variables are expanded except in single quotes. */
const readValue = (word: string, variables: Variables): string =>
  word.replaceAll(
    /"((?:[^"\\]|\\.)*)"|'([^']*)'|((?:\\.|[^"'\\])+)/g,
    (_, double?: string, single?: string, bare?: string) => single ?? expand(double ?? bare ?? "", variables),
  );

/** Expands `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}`. A backslash escapes the next character. */
export const expand = (text: string, variables: Variables): string =>
  text.replaceAll(
    /\\(.)|\$(\w+)|\$\{(\w+)(?::([-+])([^}]*))?\}/g,
    (_, escaped?: string, bare?: string, braced?: string, operator?: string, other?: string) => {
      if (escaped !== undefined) return escaped;
      const value = variables[bare ?? braced ?? ""] ?? "";
      if (operator === "-") return value || (other ?? "");
      if (operator === "+") return value ? (other ?? "") : "";
      return value;
    },
  );

/** The words of an exec form such as `["/bin/sh", "-c"]`. Undefined if the argument is not an exec form. */
export function readExecForm(argument: string): readonly [string, ...string[]] | undefined {
  if (!argument.startsWith("[")) return undefined;
  try {
    const words: unknown = JSON.parse(argument);
    if (!Array.isArray(words) || !words.every((word) => typeof word === "string")) return undefined;
    const [program, ...rest] = words;
    return program === undefined ? undefined : [program, ...rest];
  } catch {
    return undefined;
  }
}
