import { StringDecoder } from "node:string_decoder";

/** V8 allocates strings beyond 128 KiB apart and at two to three times the cost (measured, Node 20). */
const PIECE_BYTES = 64 * 1024;

/**
 * Turns a program's bytes into text for a terminal: UTF-8 whose characters may be split between chunks, with a carriage
 * return before every line feed, as a terminal's line discipline adds it.
 */
export class OutputText {
  readonly #decoder = new StringDecoder("utf8");

  /** The text of one chunk, in pieces. */
  *decode({ buffer, byteOffset, byteLength }: Uint8Array): Generator<string> {
    for (let at = 0; at < byteLength; at += PIECE_BYTES) {
      const piece = Buffer.from(buffer, byteOffset + at, Math.min(PIECE_BYTES, byteLength - at));
      yield this.#decoder.write(piece).replaceAll("\n", "\r\n");
    }
  }
}
