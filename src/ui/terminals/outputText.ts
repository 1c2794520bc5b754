import { StringDecoder } from "node:string_decoder";

/**
 * Turns a program's bytes into text for a terminal: UTF-8 whose characters may be split between chunks, with a carriage
 * return before every line feed, as a terminal's line discipline adds it.
 */
export class OutputText {
  readonly #decoder = new StringDecoder("utf8");

  decode(bytes: Uint8Array): string {
    const { buffer, byteOffset, byteLength } = bytes;
    return this.#decoder.write(Buffer.from(buffer, byteOffset, byteLength)).replaceAll("\n", "\r\n");
  }
}
