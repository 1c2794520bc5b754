import { assertNever } from "../../base/errors";
import { readSequence, stringEnd, stringOpener, type ControlSequence, type StringOpener } from "./controlSequences";

export interface HarmlessOutputOptions {
  /** True if the program has its own terminal, which must be able to answer its questions. */
  readonly hasTerminal: boolean;
}

/** Matches the start of any sequence except the common harmless ones: colors, erasing, cursor moves and web links. */
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

/** A longer sequence is dropped. */
const MAX_SEQUENCE = 4096;

/**
 * Removes from a program's output whatever acts outside the terminal's screen: access to the clipboard, titles, command
 * marks, notifications, links that do not lead to the web, and questions whose answer would be typed into a program
 * without a terminal or would reveal something about the user. Everything else stays unchanged.
 */
export class HarmlessOutput {
  readonly #hasTerminal: boolean;
  /** The beginning of a sequence whose end has not arrived yet. */
  #held = "";
  /** The kind of control string that is being dropped until its end, however long it is. */
  #dropped: StringOpener | undefined;

  constructor({ hasTerminal }: HarmlessOutputOptions) {
    this.#hasTerminal = hasTerminal;
  }

  /** Returns the harmless part of the next piece of output. */
  filter(piece: string): string {
    const text = this.#held + piece;
    this.#held = "";
    let at = this.#endOfDropped(text);
    // `kept` is the filtered text, and `from` is the start of the unchanged text that follows it.
    let kept = "";
    let from = at;
    for (;;) {
      TO_READ.lastIndex = at;
      const start = TO_READ.exec(text)?.index;
      if (start === undefined) return kept + text.slice(from);

      STREAMED.lastIndex = start;
      if (STREAMED.test(text)) {
        // The data that follows an image's head is plain text until the next sequence.
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

  /** Returns the index after the control string that is being dropped. */
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

  /** Keeps a request for the terminal's state (DECRQSS) of a program with a terminal, and no other string. */
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
        // A question mark asks for a color of the user's theme.
        return data.includes("?") && !this.#hasTerminal ? "" : osc(content);
      case 104:
      case 110:
      case 111:
      case 112:
        return osc(content);
      case 9:
        // ConEmu's progress. The other kinds set the working directory or notify the user.
        return data.startsWith("4;") ? osc(content) : "";
      default:
        return "";
    }
  }
}

type Csi = ControlSequence & { kind: "csi" };

const csiForTerminal = (csi: Csi): string =>
  TELLING.test(csi.parameters + csi.intermediates + csi.final) ? "" : csiText(csi);

/** Requests for the title, and for the checksum of a part of the screen. */
const TELLING = /^0*2[01](?!\d).*t$|\*y$/;

/** Keeps only sequences that draw, for a program without a terminal: nothing that any terminal might answer. */
function csiForScreen(csi: Csi): string {
  if (!DRAWING.test(csi.prefix + csi.intermediates + csi.final)) return "";
  if (csi.prefix !== "?" || csi.final !== "h") return csiText(csi);
  const modes = csi.parameters.split(";").filter((mode) => !REPORTING_MODES.has(Number(mode)));
  return modes.length === 0 ? "" : csiText({ ...csi, parameters: modes.join(";") });
}

const DRAWING = /^(?:[@-MPSTXZ^`abdefghlmrsu]|\?[hlJKrs]| q|!p)$/;

/** Modes in which a terminal reports the mouse, the focus, pastes or the window's size as input. */
const REPORTING_MODES = new Set([9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004, 2031, 2048, 9001]);

/** Asks for the terminal's type. */
const IDENTIFY = "\x1bZ";

const csiText = ({ prefix, parameters, intermediates, final }: Csi): string =>
  `\x1b[${prefix}${parameters}${intermediates}${final}`;

const osc = (content: string): string => `\x1b]${content}\x1b\\`;

/**
 * Any other link could run a command or open a file on a click. Its text stays, and an earlier link does not extend
 * over it.
 */
function link(data: string): string {
  const [, parameters, address] = /^([^;]*);([^]*)$/.exec(data) ?? [];
  return osc(address !== undefined && /^https?:\/\//i.test(address) ? `8;${parameters ?? ""};${address}` : "8;;");
}

/** The head of an image, in sixels or in iTerm's format. Images are longer than other sequences. */
const STREAMED = /\x1b(?:P[\d;]*q|\]1337;File=)/y;

/** Removes answers that reveal the clipboard or titles, in case something asked the terminal for them after all. */
export const withoutPrivateAnswers = (input: string): string => input.replace(PRIVATE_ANSWER, "");

const PRIVATE_ANSWER = /\x1b\](?:52;|[lL])[^\x07\x1b]*(?:\x07|\x1b\\)/g;
