import type { Launcher } from "./launchers";

/**
 * A program to run, self-contained and serializable as JSON. The command line consists of `argv`, the path of `file` in
 * the sandbox if there is one, and `args`.
 */
export interface RunTarget {
  /** Names the run: `train.py`. */
  readonly label: string;
  /** The program that the image must have. Error messages name it if it is missing. */
  readonly program: string;
  readonly argv: readonly string[];
  readonly file?: TargetFile;
  readonly args?: readonly string[];
  /** Added to the program's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The program's working directory, relative to the folder's path in the sandbox. By default that path itself. */
  readonly workdir?: string;
}

/**
 * A file of the synced folder. It is pushed with the folder, or uploaded separately if the sync excludes it. Other
 * files are uploaded too.
 */
export type TargetFile =
  | { readonly kind: "synced"; /** Relative to the synced folder, with `/`. */ readonly path: string }
  | { readonly kind: "excluded"; readonly path: string; readonly content: string }
  | { readonly kind: "loose"; readonly name: string; readonly content: string };

export const targetOf = (label: string, { program, argv }: Launcher, file: TargetFile): RunTarget => ({
  label,
  program,
  argv,
  file,
});
