/**
 * Turns a program's bytes into text for a terminal: UTF-8 whose characters may be split between chunks, with a carriage
 * return before every line feed, as a terminal's line discipline adds it.
 */
export class OutputText {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  decode(bytes: Uint8Array): string {
    return this.#decoder.decode(bytes, { stream: true }).replaceAll("\n", "\r\n");
  }
}
