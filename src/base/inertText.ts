/**
 * Text from a sandbox, a folder or a server that a person can read and that does nothing: line breaks and tabs become
 * spaces, control characters, bidirectional marks and invisible characters are spelled out, and what VS Code would turn
 * into a link (`[text](command:…)`) or an icon (`$(name)`) falls apart at an invisible space. A longer text keeps its
 * start and its end.
 *
 * @param maxLength in UTF-16 code units, about
 */
export function inertText(text: string, maxLength: number): string {
  return visibleExcerpt(text, maxLength).replace(/([\]$])\(/g, "$1\u200b(");
}

/** The start and the end of a long text, with everything spelled out as in `visibleText`. */
export const visibleExcerpt = (text: string, maxLength: number): string =>
  shortened(visibleText(shortened(text, 2 * maxLength)), maxLength);

/** The same text with everything spelled out that a terminal obeys or that nobody sees. */
export const visibleText = (text: string): string =>
  text.replace(/\r\n|[\n\r\t\u2028\u2029]/g, " ").replace(UNSEEN, spelled);

/** Control, format and invisible characters and lone surrogates, but not what joins and colors letters and emoji. */
const UNSEEN = /(?!\u200c|\u200d|\ufe0e|\ufe0f)[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

function spelled(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  // Unicode has a picture of each control character of ASCII.
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? "\u2421" : `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

function shortened(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const half = (maxLength - 1) / 2;
  const start = text.slice(0, Math.ceil(half)).replace(/[\ud800-\udbff]$/, "");
  return `${start}…${text.slice(text.length - Math.floor(half)).replace(/^[\udc00-\udfff]/, "")}`;
}
