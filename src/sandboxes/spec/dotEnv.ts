/** What can be an environment variable. */
export const ENV_NAME = /^[A-Za-z_]\w*$/;

const LINE =
  /^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=(?:[ \t]*(?:"((?:\\[^]|[^"\\])*)"|'([^']*)')[ \t]*(?:#.*)?$|([^\r\n]*))/gm;

/** In a value without quotes a `#` begins a comment only after a space. */
const COMMENT = /[ \t]#.*$/s;

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** The variables of a `.env` file: quoted values may have several lines, and nothing in them is replaced. */
export const readDotEnv = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.replace(/^\uFEFF/, "").matchAll(LINE)].map(([, name = "", double, single, bare = ""]) => [
      name,
      double?.replaceAll(/\\([^])/g, (_, character: string) => ESCAPES[character] ?? character) ??
        single ??
        bare.replace(COMMENT, "").trim(),
    ]),
  );
