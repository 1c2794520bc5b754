import { Deferred } from "../../base/async";
import { Emitter } from "../../base/event";

/** Asks a terminal whether it is well; it answers when it has shown everything before the question. */
const PROBE = "\x1b[5n";
const ANSWER = "\x1b[0n";

/** Characters that may be on their way to the screen before the program is held back. */
const WINDOW = 512 * 1024;

/**
 * Characters without a line break, after which the terminal is asked all the same: a program may never write one. Only
 * an image could be open at the end of a text, and images are shorter.
 */
const LONGEST_LINE = 8 * 1024 * 1024;

/** A terminal that nobody looks at may never answer; it must not hold the program for ever. */
const PATIENCE_MS = 5000;

/**
 * Writes to a pseudoterminal no faster than it can show. VS Code takes what it is given without limit, and drops output
 * past 50 MB that is not shown yet, so the writer slips a question to the terminal in between the lines and waits for
 * the answers.
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

  /** Settles when there is room for more. */
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

  /** Settles when the terminal has shown all of it. */
  async shown(): Promise<void> {
    if (this.#isClosed) return;
    this.#emitter.fire(PROBE);
    this.#unanswered.push(new Deferred<undefined>());
    while (this.#unanswered.length > 0) await this.#room();
  }

  /** Takes our answers out of what the terminal sent; the rest is the user's. */
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

  /** The index in the text at which to ask; 0 for not in this one. */
  #placeOfQuestion(text: string): number {
    if (this.#sinceProbe < WINDOW / 2) return 0;
    const end = endOfLastLine(text);
    return end === 0 && this.#sinceProbe > LONGEST_LINE ? text.length : end;
  }

  /** Until the oldest question is answered. */
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

/** Between two lines no escape sequence is open that a question could break. */
const endOfLastLine = (text: string) => Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r")) + 1;
