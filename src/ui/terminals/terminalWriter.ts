import { Deferred } from "../../base/async";
import { Emitter } from "../../base/event";

/** Asks a terminal for its status. It answers when it has shown everything before the question. */
const PROBE = "\x1b[5n";
const ANSWER = "\x1b[0n";

/** The number of characters that may be waiting for the screen before the program is held back. */
const WINDOW = 512 * 1024;

/**
 * After this many characters without a line break, the terminal is asked anyway, because a program may never write one.
 * Only an image could be cut in two by the question, and images are shorter.
 */
const LONGEST_LINE = 8 * 1024 * 1024;

/** A hidden terminal may never answer. It must not hold the program back forever. */
const PATIENCE_MS = 5000;

/**
 * Writes to a pseudoterminal no faster than it can show the output. VS Code accepts any amount of output, but drops it
 * beyond 50 MB that is not shown yet. Therefore the writer inserts questions to the terminal between lines, and waits
 * for the answers.
 */
export class TerminalWriter {
  readonly #emitter = new Emitter<string>();
  readonly onDidWrite = this.#emitter.event;
  readonly #unanswered: Deferred<undefined>[] = [];
  #sinceProbe = 0;
  #isClosed = false;

  async writeAll(texts: Iterable<string>): Promise<void> {
    for (const text of texts) await this.write(text);
  }

  /** Resolves when there is room for more. */
  async write(text: string): Promise<void> {
    if (this.#isClosed || text === "") return;
    this.#sinceProbe += text.length;
    const cut = this.#placeOfQuestion(text);
    if (cut === 0) {
      this.#emitter.fire(text);
      return;
    }
    this.#sinceProbe = text.length - cut;
    this.#emitter.fire(text.slice(0, cut));
    this.#emitter.fire(PROBE + text.slice(cut));
    const answered = new Deferred<undefined>();
    this.#unanswered.push(answered);
    if (this.#unanswered.length > 1) await this.#room();
  }

  /** Resolves when the terminal has shown everything. */
  async shown(): Promise<void> {
    if (this.#isClosed) return;
    this.#emitter.fire(PROBE);
    this.#unanswered.push(new Deferred<undefined>());
    while (this.#unanswered.length > 0) await this.#room();
  }

  /** Removes the answers to our questions from the terminal's input; the rest is the user's. */
  takeAnswers(input: string): string {
    let rest = input;
    while (this.#unanswered.length > 0 && rest.includes(ANSWER)) {
      rest = rest.replace(ANSWER, "");
      this.#unanswered.shift()?.resolve(undefined);
    }
    return rest;
  }

  close(): void {
    this.#isClosed = true;
    for (const answered of this.#unanswered.splice(0)) answered.resolve(undefined);
  }

  /** Returns the index in the text at which to ask; 0 means not in this text. */
  #placeOfQuestion(text: string): number {
    if (this.#sinceProbe < WINDOW / 2) return 0;
    const end = endOfLastLine(text);
    return end === 0 && this.#sinceProbe > LONGEST_LINE ? text.length : end;
  }

  /** Waits until the oldest question is answered. */
  async #room(): Promise<void> {
    const oldest = this.#unanswered[0];
    if (!oldest) return;
    const timer = setTimeout(() => {
      if (this.#unanswered[0] === oldest) this.#unanswered.shift();
      oldest.resolve(undefined);
    }, PATIENCE_MS);
    await oldest.promise;
    clearTimeout(timer);
  }
}

/** A question between two lines cannot break an escape sequence. */
const endOfLastLine = (text: string) => Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r")) + 1;
