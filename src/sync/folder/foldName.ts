/**
 * Equal for two names that one file system may take for the same: in other letter cases (`ſ` is an `s`, and the Kelvin
 * sign a `k`), composed or not, with characters that HFS+ skips, and with the dots, the spaces and the name of a stream
 * that Windows drops from the end.
 */
export function foldName(name: string): string {
  if (PLAIN.test(name)) return name.toLowerCase();
  return foldCase(name.replaceAll(SKIPPED_BY_HFS, ""))
    .replace(/:.*$/s, "")
    .replace(/[. ]+$/, "");
}

/** As `foldName`, for a path, and by letter case and composition alone. */
export const foldCase = (path: string): string =>
  // Once for `ſ`, whose lower case is itself; the second time for what only then has one letter.
  path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");

/** The case of nearly every name. */
const PLAIN = /^[!-9;-~]*[!-\-/-9;-~]$/;

const SKIPPED_BY_HFS = /[\u200C-\u200F\u202A-\u202E\u206A-\u206F\uFEFF]/g;
