import { StringDecoder } from "node:string_decoder";
import { HarmlessOutput, type HarmlessOutputOptions } from "./harmlessOutput";

/** V8 allocates strings above 128 KiB separately, at two to three times the cost (measured with Node 20). */
const PIECE_BYTES = 64 * 1024;

/**
 * Turns a program's bytes into text for a terminal. Decodes UTF-8 whose characters may be split between chunks, adds a
 * carriage return before every line feed as a terminal's line discipline does, and removes harmful sequences.
 */
export class OutputText {
  readonly #decoder = new StringDecoder("utf8");
  readonly #harmless: HarmlessOutput;

  constructor(options: HarmlessOutputOptions) {
    this.#harmless = new HarmlessOutput(options);
  }

  /** Yields the text of one chunk, in pieces. */
  *decode({ buffer, byteOffset, byteLength }: Uint8Array): Generator<string> {
    for (let at = 0; at < byteLength; at += PIECE_BYTES) {
      const piece = Buffer.from(buffer, byteOffset + at, Math.min(PIECE_BYTES, byteLength - at));
      yield this.#harmless.filter(this.#decoder.write(piece)).replaceAll("\n", "\r\n");
    }
  }
}
