import ignore, { type Ignore } from "ignore";

/**
 * The `.gitignore` rules in force in one folder: its own file's, then those of the folders above it. Paths are relative
 * to the scanned root, with `/`.
 */
export class IgnoreRules {
  static readonly none = new IgnoreRules([]);

  readonly #layers: readonly Layer[];

  private constructor(layers: readonly Layer[]) {
    this.#layers = layers;
  }

  /**
   * The rules inside a folder that has a `.gitignore` of this text.
   * @param folder relative to the root, "" for the root itself
   */
  within(folder: string, gitignore: string): IgnoreRules {
    const strip = folder === "" ? 0 : folder.length + 1;
    return this.#with({ toLayerPath: (path) => path.slice(strip), matcher: compile(gitignore) });
  }

  /**
   * The rules of a `.gitignore` above the root.
   * @param rootPath the root, seen from the folder of that file
   */
  below(rootPath: string, gitignore: string): IgnoreRules {
    return this.#with({ toLayerPath: (path) => `${rootPath}/${path}`, matcher: compile(gitignore) });
  }

  /**
   * Asked from the root downwards: never for what lies inside an ignored folder.
   * @param path "" for the root itself, which only a `.gitignore` above it can name
   */
  ignores(path: string, isDirectory: boolean): boolean {
    for (const [index, layer] of this.#layers.entries()) {
      const { ignored, unignored } = layer.matcher.test(
        isDirectory ? folderPath(layer, path) : layer.toLayerPath(path),
      );
      if (ignored) return true;
      if (!unignored) continue;
      if (isDirectory) for (const outer of this.#layers.slice(index + 1)) reinclude(outer, path);
      return false;
    }
    return false;
  }

  #with(layer: Layer): IgnoreRules {
    return new IgnoreRules([layer, ...this.#layers]);
  }
}

/** One `.gitignore`, with the paths that it sees. */
interface Layer {
  readonly matcher: Ignore;
  readonly toLayerPath: (path: string) => string;
}

/** With the slash at its end that tells the matcher that it is a folder. */
const folderPath = ({ toLayerPath }: Layer, path: string): string => toLayerPath(path).replace(/\/?$/, "/");

const compile = (gitignore: string): Ignore => ignore({ ignorecase: false }).add(gitignore);

/**
 * A matcher takes everything inside a folder that it ignores as ignored. Where a deeper `.gitignore` re-includes the
 * folder, git asks the outer file about each path inside by itself, so the outer matcher must let go of the folder.
 */
function reinclude(layer: Layer, folder: string): void {
  const path = folderPath(layer, folder);
  if (layer.matcher.test(path).ignored) layer.matcher.add({ pattern: `!/${path.replaceAll(/[\\*?[\] ]/g, "\\$&")}` });
}
