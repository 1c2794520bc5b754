/** The character that opens a string that ST ends: OSC `]`, DCS `P`, SOS `X`, PM `^` or APC `_`. */
export type StringOpener = "]" | "P" | "X" | "^" | "_";

/** A control sequence as xterm.js reads it. */
export type ControlSequence =
  | {
      readonly kind: "csi";
      readonly prefix: string;
      readonly parameters: string;
      readonly intermediates: string;
      readonly final: string;
    }
  | { readonly kind: "string"; readonly opener: StringOpener; readonly content: string }
  /** An escape with one more character, or a single 8-bit control. */
  | { readonly kind: "plain"; readonly text: string };

export interface ReadSequence {
  /** `undefined` if it is malformed or cut off, and a terminal ignores it. */
  readonly sequence: ControlSequence | undefined;
  /** The control characters inside the sequence, which a terminal executes first. */
  readonly executed: string;
  /** The index after the sequence. */
  readonly end: number;
}

/**
 * Reads the control sequence that begins at `start`; returns `undefined` if the text ends first. Follows the state
 * machine of xterm.js: control characters may be anywhere inside, and an escape begins another sequence in any state.
 */
export function readSequence(text: string, start: number): ReadSequence | undefined {
  const first = text.charAt(start);
  if (first !== "\x1b") {
    const introducer = EIGHT_BIT[first];
    if (introducer === undefined) return complete({ kind: "plain", text: first }, "", start + 1);
    return readAfter(introducer, text, start + 1, "");
  }
  const { executed, end } = skipControls(text, start + 1);
  const introducer = text.charAt(end);
  if (introducer === "") return undefined;
  if (introducer === "[") return readCsi(text, end + 1, executed);
  const opener = stringOpener(`\x1b${introducer}`);
  return opener ? readString(opener, text, end + 1, executed) : readEscape(text, end, executed);
}

const EIGHT_BIT: Readonly<Record<string, "[" | StringOpener | undefined>> = {
  "\x9b": "[",
  "\x9d": "]",
  "\x90": "P",
  "\x98": "X",
  "\x9e": "^",
  "\x9f": "_",
};

const readAfter = (introducer: "[" | StringOpener, text: string, start: number, executed: string) =>
  introducer === "[" ? readCsi(text, start, executed) : readString(introducer, text, start, executed);

function readEscape(text: string, start: number, before: string): ReadSequence | undefined {
  let executed = before;
  let intermediates = "";
  for (let at = start; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char >= " " && char <= "/") intermediates += char;
    else if (char >= "0" && char <= "~") return complete(plain(`\x1b${intermediates}${char}`), executed, at + 1);
    else if (isExecuted(char)) executed += char;
    else return broken(char, executed, at);
  }
  return undefined;
}

function readCsi(text: string, start: number, before: string): ReadSequence | undefined {
  let executed = before;
  let body = "";
  for (let at = start; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char >= "@" && char <= "~") return complete(csiOf(body, char), executed, at + 1);
    if (char >= " " && char <= "?") body += char;
    else if (isExecuted(char)) executed += char;
    else return broken(char, executed, at);
  }
  return undefined;
}

function csiOf(body: string, final: string): ControlSequence | undefined {
  const [, prefix, parameters, intermediates] = /^([<-?]?)([0-;]*)([ -/]*)$/.exec(body) ?? [];
  if (prefix === undefined || parameters === undefined || intermediates === undefined) return undefined;
  return { kind: "csi", prefix, parameters, intermediates, final };
}

const STRING_END = /[\x07\x18\x1a\x1b\x80-\x9f]/g;

/** Characters that a terminal leaves out of a control string. */
const IGNORED = /[\x00-\x1f]/g;

function readString(opener: StringOpener, text: string, start: number, executed: string): ReadSequence | undefined {
  const stop = stringEnd(opener, text, start);
  if (!stop) return undefined;
  const content = text.slice(start, stop.at).replace(IGNORED, "");
  return { sequence: stop.isBroken ? undefined : { kind: "string", opener, content }, executed, end: stop.end };
}

/** Finds the end of a control string that began before `start`; `undefined` if it does not end in the text. */
export function stringEnd(
  opener: StringOpener,
  text: string,
  start: number,
): { readonly at: number; readonly end: number; readonly isBroken: boolean } | undefined {
  STRING_END.lastIndex = start;
  for (let found = STRING_END.exec(text); found; found = STRING_END.exec(text)) {
    const at = found.index;
    const [char] = found;
    if (char === "\x07" && opener !== "]") continue;
    if (char === "\x1b") {
      if (at + 1 === text.length) return undefined;
      // Any escape ends the string. Unless it is ST, it also begins another sequence.
      return { at, end: text.charAt(at + 1) === "\\" ? at + 2 : at, isBroken: false };
    }
    const isEnd = char === "\x07" || char === "\x9c";
    const isConsumed = isEnd || char === "\x18" || char === "\x1a";
    return { at, end: isConsumed ? at + 1 : at, isBroken: !isEnd };
  }
  return undefined;
}

/** Returns the kind of control string that `text` begins. */
export function stringOpener(text: string): StringOpener | undefined {
  const { end } = skipControls(text, 1);
  const introducer = text.startsWith("\x1b") ? text.charAt(end) : EIGHT_BIT[text.charAt(0)];
  return STRING_OPENERS.find((opener) => opener === introducer);
}

const STRING_OPENERS: readonly StringOpener[] = ["]", "P", "X", "^", "_"];

const plain = (text: string): ControlSequence => ({ kind: "plain", text });

const complete = (sequence: ControlSequence | undefined, executed: string, end: number): ReadSequence => ({
  sequence,
  executed,
  end,
});

/** CAN and SUB belong to the sequence that they cut off; any other character is read again by itself. */
const broken = (char: string, executed: string, at: number): ReadSequence =>
  complete(undefined, executed, char === "\x18" || char === "\x1a" ? at + 1 : at);

function skipControls(text: string, start: number): { executed: string; end: number } {
  let end = start;
  let executed = "";
  for (let char = text.charAt(end); char !== "" && isExecuted(char); char = text.charAt(end)) {
    executed += char;
    end += 1;
  }
  return { executed, end };
}

const isExecuted = (char: string): boolean =>
  (char < " " && char !== "\x18" && char !== "\x1a" && char !== "\x1b") || char === "\x7f";
