/** The context keys that VS Code knows when it evaluates a `when` clause. */
export type Context = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface WhenClause {
  /** The keys that it asks for. */
  readonly keys: readonly string[];
  /** The pattern of each `key =~ /pattern/`. */
  readonly patterns: readonly { readonly key: string; readonly pattern: RegExp }[];
  holds(context: Context): boolean;
}

type Condition = (context: Context) => boolean;

const TOKEN = /\s*(&&|\|\||==|!=|=~|!|\(|\)|'[^']*'|\/(?:[^/\\]|\\.)*\/|[^\s()!=&|]+)/y;

/** Reads a clause as VS Code does: `||` binds least, then `&&`, then comparisons and `!`. Throws where it is malformed. */
export function parseWhen(text: string): WhenClause {
  const tokens = tokenize(text);
  const keys: string[] = [];
  const patterns: { key: string; pattern: RegExp }[] = [];

  const take = (): string => {
    const token = tokens.shift();
    if (token === undefined) throw new Error(`The clause ends too early: ${text}`);
    return token;
  };
  const either = (): Condition =>
    chain("||", both, (conditions, context) => conditions.some((holds) => holds(context)));
  const both = (): Condition =>
    chain("&&", single, (conditions, context) => conditions.every((holds) => holds(context)));
  const chain = (
    operator: string,
    operand: () => Condition,
    join: (conditions: readonly Condition[], context: Context) => boolean,
  ): Condition => {
    const conditions = [operand()];
    while (tokens[0] === operator) {
      take();
      conditions.push(operand());
    }
    return (context) => join(conditions, context);
  };
  const single = (): Condition => {
    const token = take();
    if (token === "!") {
      const negated = single();
      return (context) => !negated(context);
    }
    if (token === "(") {
      const inner = either();
      if (take() !== ")") throw new Error(`A parenthesis is not closed: ${text}`);
      return inner;
    }
    return comparison(token);
  };
  const comparison = (key: string): Condition => {
    if (key === "false" || key === "true") return () => key === "true";
    keys.push(key);
    const operator = tokens[0];
    if (operator === "in") {
      take();
      const list = take();
      keys.push(list);
      return (context) => listAt(context, list).includes(String(context[key] ?? ""));
    }
    if (operator !== "==" && operator !== "!=" && operator !== "=~") return (context) => Boolean(context[key]);
    take();
    const operand = take().replace(/^'(.*)'$/, "$1");
    if (operator === "==") return (context) => String(context[key]) === operand;
    if (operator === "!=") return (context) => String(context[key]) !== operand;
    const pattern = new RegExp(operand.replace(/^\/(.*)\/$/, "$1"));
    patterns.push({ key, pattern });
    return (context) => pattern.test(String(context[key] ?? ""));
  };

  const holds = either();
  if (tokens.length > 0) throw new Error(`Something is left over at ${tokens.join(" ")}: ${text}`);
  return { keys, patterns, holds };
}

function listAt(context: Context, key: string): readonly string[] {
  const value = context[key];
  return typeof value === "object" ? value : [];
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  const pattern = new RegExp(TOKEN);
  while (pattern.lastIndex < text.trimEnd().length) {
    const [, token] = pattern.exec(text) ?? [];
    if (token === undefined) throw new Error(`Not a when clause: ${text}`);
    tokens.push(token);
  }
  return tokens;
}
