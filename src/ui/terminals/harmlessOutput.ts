import { assertNever } from "../../base/errors";
import { readSequence, stringEnd, stringOpener, type ControlSequence, type StringOpener } from "./controlSequences";

export interface HarmlessOutputOptions {
  /** Whether the program has a terminal of its own, which must be able to answer its questions. */
  readonly hasTerminal: boolean;
}

/** The start of any sequence but those that most output has nothing else of: colors, erasures, moves of the cursor, links of the web. */
const TO_READ = new RegExp(
  String.raw`\x1b(?!${[
    String.raw`\[[\d;:]*[A-HJKdfmrsu]`,
    String.raw`\[\?(?:7|25|1049|2026)[hl]`,
    String.raw`[78=>DEHMc\\]`,
    String.raw`[()][0AB]`,
    String.raw`\]8;[\w=:.-]*;(?:https?://[!-~]*)?(?:\x07|\x1b\\)`,
  ].join("|")})|[\x80-\x9f]`,
  "g",
);

/** A sequence that is longer is dropped. */
const MAX_SEQUENCE = 4096;

/**
 * Takes out of a program's output what acts beyond the terminal's screen: the clipboard, titles, marks of commands,
 * notifications, links that are not of the web, and questions whose answer would be typed into a program that has no
 * terminal, or would say something about the user. Everything else stays as it is.
 */
export class HarmlessOutput {
  readonly #hasTerminal: boolean;
  /** The beginning of a sequence whose end is still to come. */
  #held = "";
  /** Inside a string of this kind that is dropped whatever its length. */
  #dropped: StringOpener | undefined;

  constructor({ hasTerminal }: HarmlessOutputOptions) {
    this.#hasTerminal = hasTerminal;
  }

  /** What may be shown of the next piece of output. */
  filter(piece: string): string {
    const text = this.#held + piece;
    this.#held = "";
    let at = this.#endOfDropped(text);
    /** What is kept, and the start of what follows it unchanged. */
    let kept = "";
    let from = at;
    for (;;) {
      TO_READ.lastIndex = at;
      const start = TO_READ.exec(text)?.index;
      if (start === undefined) return kept + text.slice(from);

      STREAMED.lastIndex = start;
      if (STREAMED.test(text)) {
        // An image: what follows its head is no more than text until the next sequence.
        at = STREAMED.lastIndex;
        continue;
      }
      const read = readSequence(text, start);
      if (!read) {
        this.#hold(text.slice(start));
        return kept + text.slice(from, start);
      }
      const { sequence, executed, end } = read;
      const shown = sequence ? this.#shown(sequence) : "";
      at = end;
      if (executed === "" && shown === text.slice(start, end)) continue;
      kept += text.slice(from, start) + executed + shown;
      from = end;
    }
  }

  #hold(unfinished: string): void {
    if (unfinished.length <= MAX_SEQUENCE) {
      this.#held = unfinished;
      return;
    }
    this.#dropped = stringOpener(unfinished);
    if (unfinished.endsWith("\x1b")) this.#held = "\x1b";
  }

  /** The index after a string that is being dropped. */
  #endOfDropped(text: string): number {
    if (this.#dropped === undefined) return 0;
    const stop = stringEnd(this.#dropped, text, 0);
    if (stop) this.#dropped = undefined;
    else if (text.endsWith("\x1b")) this.#held = "\x1b";
    return stop?.end ?? text.length;
  }

  #shown(sequence: ControlSequence): string {
    switch (sequence.kind) {
      case "plain":
        return sequence.text === IDENTIFY && !this.#hasTerminal ? "" : sequence.text;
      case "csi":
        return this.#hasTerminal ? csiForTerminal(sequence) : csiForScreen(sequence);
      case "string":
        return sequence.opener === "]" ? this.#osc(sequence.content) : this.#dcs(sequence);
      default:
        return assertNever(sequence);
    }
  }

  /** Of all other strings a terminal's program may ask for the state of the terminal (DECRQSS). */
  #dcs({ opener, content }: ControlSequence & { kind: "string" }): string {
    return this.#hasTerminal && opener === "P" && content.startsWith("$q") ? `\x1bP${content}\x1b\\` : "";
  }

  #osc(content: string): string {
    const [, digits, data = ""] = /^(\d+)(?:;([^]*))?$/.exec(content) ?? [];
    switch (digits === undefined ? undefined : Number(digits)) {
      case 8:
        return link(data);
      case 4:
      case 10:
      case 11:
      case 12:
        // Colors, which are the user's only in part; a question mark asks for one.
        return data.includes("?") && !this.#hasTerminal ? "" : osc(content);
      case 104:
      case 110:
      case 111:
      case 112:
        return osc(content);
      case 9:
        // Progress of ConEmu. Other kinds set the working directory or notify.
        return data.startsWith("4;") ? osc(content) : "";
      default:
        return "";
    }
  }
}

type Csi = ControlSequence & { kind: "csi" };

const csiForTerminal = (csi: Csi): string =>
  TELLING.test(csi.parameters + csi.intermediates + csi.final) ? "" : csiText(csi);

/** Title reports, and the checksum of a part of the screen. */
const TELLING = /^0*2[01](?!\d).*t$|\*y$/;

/** For a program that has no terminal, only what draws: all questions are left out, whatever terminals will understand. */
function csiForScreen(csi: Csi): string {
  if (!DRAWING.test(csi.prefix + csi.intermediates + csi.final)) return "";
  if (csi.prefix !== "?" || csi.final !== "h") return csiText(csi);
  const modes = csi.parameters.split(";").filter((mode) => !REPORTING_MODES.has(Number(mode)));
  return modes.length === 0 ? "" : csiText({ ...csi, parameters: modes.join(";") });
}

const DRAWING = /^(?:[@-MPSTXZ^`abdefghlmrsu]|\?[hlJKrs]| q|!p)$/;

/** Modes in which a terminal types what the user does with the mouse, the focus, the clipboard or the window. */
const REPORTING_MODES = new Set([9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004, 2031, 2048, 9001]);

/** Asks what the terminal is. */
const IDENTIFY = "\x1bZ";

const csiText = ({ prefix, parameters, intermediates, final }: Csi): string =>
  `\x1b[${prefix}${parameters}${intermediates}${final}`;

const osc = (content: string): string => `\x1b]${content}\x1b\\`;

/** Another one would run a command or open a file at a click: its text stays, and no other link goes on over it. */
function link(data: string): string {
  const [, parameters, address] = /^([^;]*);([^]*)$/.exec(data) ?? [];
  return osc(address !== undefined && /^https?:\/\//i.test(address) ? `8;${parameters ?? ""};${address}` : "8;;");
}

/** The head of an image, of sixels or as iTerm has it, which is longer than other sequences. */
const STREAMED = /\x1b(?:P[\d;]*q|\]1337;File=)/y;

/** What a terminal says of the user where something still asked it: the clipboard and titles. */
export const withoutPrivateAnswers = (input: string): string => input.replace(PRIVATE_ANSWER, "");

const PRIVATE_ANSWER = /\x1b\](?:52;|[lL])[^\x07\x1b]*(?:\x07|\x1b\\)/g;
