import { isDeepStrictEqual } from "node:util";
import { QuickPickItemKind, ThemeIcon, type QuickPickItem } from "vscode";
import { messageOf } from "../../base/errors";
import { describeOptions, noOptions, type RunOptions } from "../../run/target/runOptions";
import { maskLine } from "../../run/output/maskSecrets";
import { formatVariables, joinWords, parseVariables, splitWords } from "../../run/target/words";
import { askPick, askText, type StepPlace } from "./steps";

interface OptionLine extends QuickPickItem {
  /** Returns the options after this row was chosen; `undefined` if they stay the same. */
  readonly choose: () => Promise<RunOptions | undefined>;
  /** True if these options are the answer. */
  readonly isLast?: boolean;
}

/**
 * Asks for arguments, environment and working directory, and starts with the last ones. Returns `undefined` if the user
 * dismissed it.
 */
export async function askOptions(title: string, used: readonly RunOptions[]): Promise<RunOptions | undefined> {
  let options = used[0] ?? noOptions;
  for (;;) {
    const answer = await askPick({
      title,
      hasBack: false,
      placeholder: "Type arguments, or change something first",
      items: optionLines(options, used, title),
      typed: {
        row: (text) => typedLine(text, options),
        isMatch: (item, text) => isField(item) && startsWith(item, text),
      },
    });
    if (answer?.kind !== "answered") return undefined;
    const line = answer.value;
    if (!("choose" in line)) continue;
    const chosen = await line.choose();
    if (chosen && line.isLast) return chosen;
    options = chosen ?? options;
  }
}

function optionLines(options: RunOptions, used: readonly RunOptions[], title: string): (OptionLine | QuickPickItem)[] {
  const others = used.filter((known) => !isDeepStrictEqual(known, options));
  return [
    { iconPath: new ThemeIcon("play"), label: RUN, description: describeOptions(options), ...done(options) },
    { label: "change", kind: QuickPickItemKind.Separator },
    ...fields.map((field) => fieldLine(field, options, title)),
    ...(others.length > 0 ? [{ label: "used before", kind: QuickPickItemKind.Separator }] : []),
    ...others.map((known) => ({
      iconPath: new ThemeIcon("history"),
      label: describeOptions(known),
      ...done(known),
    })),
  ];
}

const done = (chosen: RunOptions) => ({ choose: () => Promise.resolve(chosen), isLast: true });

/** Runs with what is typed as the arguments. */
function typedLine(text: string, options: RunOptions): OptionLine {
  const complaint = complaintOf(() => splitWords(text));
  if (complaint !== undefined)
    return { iconPath: new ThemeIcon("warning"), label: "Not yet", description: complaint, choose: stay };
  const label = `Run with ${maskLine(text)}`;
  return { iconPath: new ThemeIcon("play"), label, ...done({ ...options, args: splitWords(text) }) };
}

const stay = () => Promise.resolve(undefined);

/** Without the rows of earlier options, which begin like the arguments that are typed. */
const isField = ({ label }: QuickPickItem): boolean => label === RUN || fields.some((field) => field.label === label);

const startsWith = ({ label }: QuickPickItem, text: string): boolean =>
  label.toLowerCase().startsWith(text.toLowerCase());

const RUN = "Run";

/** An option that the user edits as a line of text. */
interface Field {
  readonly label: string;
  readonly prompt: string;
  readonly placeholder: string;
  readonly none: string;
  readonly write: (options: RunOptions) => string;
  readonly read: (text: string) => Partial<RunOptions>;
}

const fields: readonly Field[] = [
  {
    label: "Arguments",
    prompt: "The program's arguments, separated by spaces. Quote an argument that contains spaces.",
    placeholder: "--epochs 3 --name 'first try'",
    none: "none",
    write: ({ args }) => joinWords(args),
    read: (text) => ({ args: splitWords(text) }),
  },
  {
    label: "Environment",
    prompt:
      "Variables as NAME=value. They are stored on this machine in plain text, so use a Modal secret for passwords.",
    placeholder: "MODE=fast NAME='first try'",
    none: "none",
    write: ({ env }) => formatVariables(env),
    read: (text) => ({ env: parseVariables(text) }),
  },
  {
    label: "Working Directory",
    prompt: "Where the program starts, relative to the folder",
    placeholder: "src",
    none: "the folder",
    write: ({ workdir }) => workdir,
    read: (text) => ({ workdir: text.replace(/^\.?\/+$|^\.$|\/+$/, "") }),
  },
];

function fieldLine({ label, write, read, none, ...question }: Field, options: RunOptions, title: string): OptionLine {
  const value = write(options);
  const place: StepPlace = { title: `${title}: ${label}`, hasBack: true };
  const choose = async () => {
    const answer = await askText({ ...place, ...question, value, complaint: (text) => complaintOf(() => read(text)) });
    return answer?.kind === "answered" ? { ...options, ...read(answer.value) } : undefined;
  };
  return { label, description: value === "" ? none : maskLine(value), choose };
}

function complaintOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
