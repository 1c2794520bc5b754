/**
 * Turns a program's bytes into text for a terminal: UTF-8 whose characters may be split between chunks, and a carriage
 * return before every line feed that has none, as a terminal's line discipline would add.
 */
export class OutputText {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #endsWithReturn = false;

  decode(bytes: Uint8Array): string {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (text === "") return text;
    const first = this.#endsWithReturn && text.startsWith("\n") ? "\n" : "";
    this.#endsWithReturn = text.endsWith("\r");
    return first + text.slice(first.length).replaceAll(/(?<!\r)\n/g, "\r\n");
  }
}
