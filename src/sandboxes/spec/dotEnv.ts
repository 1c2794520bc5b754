/** A valid name of an environment variable. */
export const ENV_NAME = /^[A-Za-z_]\w*$/;

const LINE =
  /^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=(?:[ \t]*(?:"((?:\\[^]|[^"\\])*)"|'([^']*)')[ \t]*(?:#.*)?$|([^\r\n]*))/gm;

/** In an unquoted value, a `#` begins a comment only after a space. */
const COMMENT = /[ \t]#.*$/s;

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/**
 * Reads the variables of a `.env` file. Quoted values may span several lines. Variables inside values are not expanded.
 */
export const readDotEnv = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.replace(/^\uFEFF/, "").matchAll(LINE)].map(([, name = "", double, single, bare = ""]) => [
      name,
      double?.replaceAll(/\\([^])/g, (_, character: string) => ESCAPES[character] ?? character) ??
        single ??
        bare.replace(COMMENT, "").trim(),
    ]),
  );
