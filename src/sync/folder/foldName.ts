/**
 * Returns a key that is equal for two names that a file system may treat as the same: with a different letter case (`ſ`
 * is an `s`, and the Kelvin sign a `k`), composed or decomposed, with characters that HFS+ ignores, or with trailing
 * dots, spaces or a stream name, which Windows drops.
 */
export function foldName(name: string): string {
  if (PLAIN.test(name)) return name.toLowerCase();
  return foldCase(name.replaceAll(SKIPPED_BY_HFS, ""))
    .replace(/:.*$/s, "")
    .replace(/[. ]+$/, "");
}

/** Like `foldName` for a path, but only for letter case and composition. */
export const foldCase = (path: string): string =>
  // `ſ` keeps its form in lower case, so upper case comes first. Some letters only compose after the case is changed,
  // so `normalize` is called twice.
  path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");

/** Matches nearly every name. */
const PLAIN = /^[!-9;-~]*[!-\-/-9;-~]$/;

const SKIPPED_BY_HFS = /[\u200C-\u200F\u202A-\u202E\u206A-\u206F\uFEFF]/g;
