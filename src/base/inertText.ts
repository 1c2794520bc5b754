/**
 * Makes text from a sandbox, a folder or a server safe to show: line breaks and tabs become spaces; control characters,
 * bidirectional marks and invisible characters are spelled out; and an invisible space breaks anything that VS Code would
 * turn into a link (`[text](command:…)`) or an icon (`$(name)`). Longer text keeps its start and its end.
 *
 * @param maxLength the approximate limit in UTF-16 code units
 */
export function inertText(text: string, maxLength: number): string {
  return visibleExcerpt(text, maxLength).replace(/([\]$])\(/g, "$1\u200b(");
}

/** Shortens long text to its start and its end, spelled out as in `visibleText`. */
export const visibleExcerpt = (text: string, maxLength: number): string =>
  shortened(visibleText(shortened(text, 2 * maxLength)), maxLength);

/** Spells out every character that controls a terminal or is invisible. */
export const visibleText = (text: string): string =>
  text.replace(/\r\n|[\n\r\t\u2028\u2029]/g, " ").replace(UNSEEN, spelled);

/** Control, format and invisible characters and lone surrogates, except those that join and color letters and emoji. */
const UNSEEN = /(?!\u200c|\u200d|\ufe0e|\ufe0f)[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

function spelled(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  // Unicode has a picture for each ASCII control character.
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? "\u2421" : `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

function shortened(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const half = (maxLength - 1) / 2;
  const start = text.slice(0, Math.ceil(half)).replace(/[\ud800-\udbff]$/, "");
  return `${start}…${text.slice(text.length - Math.floor(half)).replace(/^[\udc00-\udfff]/, "")}`;
}
