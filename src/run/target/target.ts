import type { Launcher } from "./launchers";

/**
 * What a run executes, self-contained and as JSON has it: the words `argv`, then the path of `file` in the sandbox if
 * there is one, then `args`.
 */
export interface RunTarget {
  /** Names the run: `train.py`. */
  readonly label: string;
  /** The program that the image must have, for the message when it lacks it. */
  readonly program: string;
  readonly argv: readonly string[];
  readonly file?: TargetFile;
  readonly args?: readonly string[];
  /** Added to the program's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the program starts, relative to the folder's place in the sandbox; else there. */
  readonly workdir?: string;
}

/** A file of the folder arrives by sync, or is sent to its place where the sync leaves it out; any other is sent too. */
export type TargetFile =
  | { readonly kind: "synced"; /** Relative to the folder, with `/`. */ readonly path: string }
  | { readonly kind: "excluded"; readonly path: string; readonly content: string }
  | { readonly kind: "loose"; readonly name: string; readonly content: string };

export const targetOf = (label: string, { program, argv }: Launcher, file: TargetFile): RunTarget => ({
  ...{ label, program, argv, file },
});
