export interface Instruction {
  /** In capitals. */
  readonly name: string;
  readonly argument: string;
}

export type Variables = Readonly<Record<string, string>>;

/** What Dockerfile commands say: continued lines joined, comments and empty lines left out. */
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

/** `A=1 B="two words"`, or the older `A the rest`, with variables replaced. */
export function readAssignments(argument: string, variables: Variables): Record<string, string> {
  const [, oldName, oldValue] = /^(\w+)[ \t]+([^=]*)$/.exec(argument) ?? [];
  if (oldName !== undefined && oldValue !== undefined) return { [oldName]: expand(oldValue, variables) };
  const pairs = argument.matchAll(/([\w.-]+)=((?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])*)/g);
  return Object.fromEntries([...pairs].map(([, name = "", value = ""]) => [name, readValue(value, variables)]));
}

/** A word as a shell would read it: quotes gone, variables replaced outside single ones. */
const readValue = (word: string, variables: Variables): string =>
  word.replaceAll(
    /"((?:[^"\\]|\\.)*)"|'([^']*)'|((?:\\.|[^"'\\])+)/g,
    (_, double?: string, single?: string, bare?: string) => single ?? expand(double ?? bare ?? "", variables),
  );

/** Replaces `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}`; a backslash takes the next character as it is. */
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

/** The words of an exec form such as `["/bin/sh", "-c"]`; nothing where it is not one. */
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
