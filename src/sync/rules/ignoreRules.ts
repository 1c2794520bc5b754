import ignore, { type Ignore } from "ignore";

/** The line of a rules file that decides about a path. */
export interface RuleLine {
  /** The rules file, as `within` or `below` was told. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly pattern: string;
}

/** What a chain of rules files says of a path; `undefined` where none speaks of it. */
export type Verdict = "ignored" | "included" | undefined;

/**
 * The rules in force in one folder: its own file's, then those of the folders above it. Paths are relative to the
 * scanned root, with `/`.
 */
export class IgnoreRules {
  static readonly none = new IgnoreRules([]);

  readonly #layers: readonly Layer[];

  private constructor(layers: readonly Layer[]) {
    this.#layers = layers;
  }

  /**
   * The rules inside a folder that has a rules file of this text.
   * @param folder relative to the root, "" for the root itself
   */
  within(folder: string, text: string, file = `${folder}/.gitignore`): IgnoreRules {
    const strip = folder === "" ? 0 : folder.length + 1;
    const lines = new CompiledLines(text, file);
    return this.#with({ toLayerPath: (path) => path.slice(strip), matcher: compile(text), lines });
  }

  /**
   * The rules of a file above the root.
   * @param rootPath the root, seen from the folder of that file
   */
  below(rootPath: string, text: string, file = "../.gitignore"): IgnoreRules {
    const lines = new CompiledLines(text, file);
    return this.#with({ toLayerPath: (path) => `${rootPath}/${path}`, matcher: compile(text), lines });
  }

  /**
   * Asked from the root downwards: never for what lies inside an ignored folder.
   * @param path "" for the root itself, which only a file above it can name
   */
  ignores(path: string, isDirectory: boolean): boolean {
    return this.verdict(path, isDirectory) === "ignored";
  }

  /** As `ignores`, telling what is included on purpose from what no rule names. */
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
   * The line behind a verdict.
   * @param counts lines that it turns down are passed over
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

  /** Makes these rules let go of a folder that others include against them. */
  release(folder: string): void {
    for (const layer of this.#layers) reinclude(layer, folder);
  }

  #with(layer: Layer): IgnoreRules {
    return new IgnoreRules([layer, ...this.#layers]);
  }
}

/** One rules file, with the paths that it sees. */
interface Layer {
  readonly matcher: Ignore;
  readonly toLayerPath: (path: string) => string;
  readonly lines: CompiledLines;
}

interface CompiledLine {
  readonly rule: RuleLine;
  /** Of the pattern without the `!` in front. */
  readonly matcher: Ignore;
}

/** The lines of a rules file one by one, compiled at the first use: only explanations need them. */
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

/** With the slash at its end that tells the matcher that it is a folder. */
const folderPath = ({ toLayerPath }: Layer, path: string): string => toLayerPath(path).replace(/\/?$/, "/");

const compile = (text: string): Ignore => ignore({ ignorecase: false }).add(spelledOut(text));

// Of `name**/rest` git compares the name by itself, so that what is left begins with two stars and a slash: the rest may
// follow at once, or at any depth.
function spelledOut(text: string): string {
  const spelled = text.replace(STARS_AFTER_NAME, "$1/$2$3\n$1/$2*/**/$3");
  return spelled === text ? text : spelledOut(spelled);
}

const STARS_AFTER_NAME = /^(?!#)(!?)(?!!)\/?([^\r\n*?[\\]*[^\r\n*?[\\/])\*\*+\/(.*[^/\s].*)$/gm;

/**
 * A matcher takes everything inside a folder that it ignores as ignored. Where a deeper file re-includes the folder, git
 * asks the outer file about each path inside by itself, so the outer matcher must let go of the folder.
 */
function reinclude(layer: Layer, folder: string): void {
  const path = folderPath(layer, folder);
  if (layer.matcher.test(path).ignored) layer.matcher.add({ pattern: `!/${path.replaceAll(/[\\*?[\] ]/g, "\\$&")}` });
}
