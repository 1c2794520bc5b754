const INTERRUPT = "\x03";
const END_OF_INPUT = "\x04";
const ERASE = "\x7f";
const ERASE_LINE = "\x15";

/** Matches one key: an escape sequence, an answer from the terminal, a line break, or a character. */
const KEYS = /\x1b(?:\[M[^]{3}|\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|O.|.)?|\r\n|[^]/gu;

/** The effect of typed keys. */
export type InputAction =
  { readonly kind: "line"; readonly text: string } | { readonly kind: "interrupt" } | { readonly kind: "end" };

/**
 * The line discipline for a program without a terminal: echoes what is typed, lets the user edit the line, and sends it
 * on Enter. Pasted lines are sent one by one.
 */
export class LineInput {
  #line: string[] = [];

  /** Takes typed keys. `echo` is what the terminal shows for them. */
  type(keys: string): { echo: string; actions: InputAction[] } {
    let echo = "";
    const actions: InputAction[] = [];
    for (const [key] of keys.matchAll(KEYS)) {
      switch (key) {
        case "\r":
        case "\n":
        case "\r\n":
          actions.push({ kind: "line", text: `${this.#line.join("")}\n` });
          this.#line = [];
          echo += "\r\n";
          break;
        case INTERRUPT:
          this.#line = [];
          echo += "^C\r\n";
          actions.push({ kind: "interrupt" });
          break;
        case END_OF_INPUT:
          if (this.#line.length === 0) actions.push({ kind: "end" });
          break;
        case ERASE:
          if (this.#line.pop() !== undefined) echo += "\b \b";
          break;
        case ERASE_LINE:
          echo += "\b \b".repeat(this.#line.length);
          this.#line = [];
          break;
        default:
          if (isControl(key)) break;
          this.#line.push(key);
          echo += key;
      }
    }
    return { echo, actions };
  }
}

const isControl = (key: string) => key.startsWith("\x1b") || (key < " " && key !== "\t");
