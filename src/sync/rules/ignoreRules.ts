import ignore, { type Ignore } from "ignore";

/** The line of a rules file that decides about a path. */
export interface RuleLine {
  /** The path of the rules file, as passed to `within` or `below`. */
  readonly file: string;
  /** The line number, starting at 1. */
  readonly line: number;
  readonly pattern: string;
}

/** The decision of a chain of rules files about a path; `undefined` if none applies. */
export type Verdict = "ignored" | "included" | undefined;

/**
 * The rules that apply in one folder: those of its own file, then those of the folders above it. Paths are relative to
 * the scanned root, with `/`.
 */
export class IgnoreRules {
  static readonly none = new IgnoreRules([]);

  readonly #layers: readonly Layer[];

  private constructor(layers: readonly Layer[]) {
    this.#layers = layers;
  }

  /**
   * Returns the rules inside a folder that has a rules file with this content.
   * @param folder relative to the root, "" for the root itself
   */
  within(folder: string, text: string, file = `${folder}/.gitignore`): IgnoreRules {
    const strip = folder === "" ? 0 : folder.length + 1;
    const lines = new CompiledLines(text, file);
    return this.#with({ toLayerPath: (path) => path.slice(strip), matcher: compile(text), lines });
  }

  /**
   * Adds the rules of a file above the root.
   * @param rootPath the root, relative to the folder of that file
   */
  below(rootPath: string, text: string, file = "../.gitignore"): IgnoreRules {
    const lines = new CompiledLines(text, file);
    return this.#with({ toLayerPath: (path) => `${rootPath}/${path}`, matcher: compile(text), lines });
  }

  /**
   * Call it from the root downwards, and never for an entry inside an ignored folder.
   * @param path "" for the root itself, which only a file above it can match
   */
  ignores(path: string, isDirectory: boolean): boolean {
    return this.verdict(path, isDirectory) === "ignored";
  }

  /** Like `ignores`, but distinguishes explicitly included paths from paths that no rule matches. */
  verdict(path: string, isDirectory: boolean): Verdict {
    for (const [index, layer] of this.#layers.entries()) {
      const { ignored, unignored } = layer.matcher.test(seenFrom(layer, path, isDirectory));
      if (ignored) return "ignored";
      if (!unignored) continue;
      if (isDirectory) for (const outer of this.#layers.slice(index + 1)) reinclude(outer, path);
      return "included";
    }
    return undefined;
  }

  /**
   * Returns the line that decides about a path.
   * @param counts lines for which it returns false are skipped
   */
  decidingLine(
    path: string,
    isDirectory: boolean,
    counts: (pattern: string) => boolean = () => true,
  ): RuleLine | undefined {
    for (const layer of this.#layers) {
      const seen = seenFrom(layer, path, isDirectory);
      const decides = ({ rule, matcher }: CompiledLine) => counts(rule.pattern) && matcher.test(seen).ignored;
      const found = layer.lines.lastFirst.find(decides);
      if (found) return found.rule;
    }
    return undefined;
  }

  /** Stops these rules from ignoring a folder that other rules include. */
  release(folder: string): void {
    for (const layer of this.#layers) reinclude(layer, folder);
  }

  #with(layer: Layer): IgnoreRules {
    return new IgnoreRules([layer, ...this.#layers]);
  }
}

/** One rules file, and how to spell paths for it. */
interface Layer {
  readonly matcher: Ignore;
  readonly toLayerPath: (path: string) => string;
  readonly lines: CompiledLines;
}

interface CompiledLine {
  readonly rule: RuleLine;
  /** Matches the pattern without the leading `!`. */
  readonly matcher: Ignore;
}

/** The separate lines of a rules file, compiled on first use: only explanations need them. */
class CompiledLines {
  readonly #text: string;
  readonly #file: string;
  #lines: readonly CompiledLine[] | undefined;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  get lastFirst(): readonly CompiledLine[] {
    return (this.#lines ??= this.#compile());
  }

  #compile(): CompiledLine[] {
    const patterns = this.#text.replace(/^\uFEFF/, "").split(/\r?\n/);
    return patterns
      .flatMap((pattern, index) =>
        pattern === "" || pattern.startsWith("#")
          ? []
          : [{ rule: { file: this.#file, line: index + 1, pattern }, matcher: compile(pattern.replace(/^!/, "")) }],
      )
      .reverse();
  }
}

const seenFrom = (layer: Layer, path: string, isDirectory: boolean): string =>
  isDirectory ? folderPath(layer, path) : layer.toLayerPath(path);

/** Adds the trailing slash that marks a folder for the matcher. */
const folderPath = ({ toLayerPath }: Layer, path: string): string => toLayerPath(path).replace(/\/?$/, "/");

const compile = (text: string): Ignore => ignore({ ignorecase: false }).add(spelledOut(text));

// For `name**/rest`, git compares the name separately, so the remaining pattern begins with `**/`: the rest may follow
// directly or at any depth.
function spelledOut(text: string): string {
  const spelled = text.replace(STARS_AFTER_NAME, "$1/$2$3\n$1/$2*/**/$3");
  return spelled === text ? text : spelledOut(spelled);
}

const STARS_AFTER_NAME = /^(?!#)(!?)(?!!)\/?([^\r\n*?[\\]*[^\r\n*?[\\/])\*\*+\/(.*[^/\s].*)$/gm;

/**
 * A matcher ignores everything inside an ignored folder. If a deeper file includes the folder again, git asks the outer
 * file about each path inside separately, so the outer matcher must stop ignoring the folder.
 */
function reinclude(layer: Layer, folder: string): void {
  const path = folderPath(layer, folder);
  if (layer.matcher.test(path).ignored) layer.matcher.add({ pattern: `!/${path.replaceAll(/[\\*?[\] ]/g, "\\$&")}` });
}
