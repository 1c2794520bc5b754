import { withoutColors } from "../../base/ansi";

/** Where a program says that it serves. */
export interface ServedPort {
  readonly port: number;
  /** What follows the host where it gave a whole address: `/lab?token=…`. */
  readonly path: string;
}

/** A server says so when it starts: what comes after so much output is not looked at. */
const LOOKED_AT = 1024 * 1024;

/** A piece begins so far back in the one before, since an address may be split between the two. */
const OVERLAP = 300;

const ADDRESS = /\bhttps?:\/\/(?:localhost|0\.0\.0\.0|127\.\d+\.\d+\.\d+|\[::1?\]):(\d{2,5})(\/[^\s"'<>()\]]*)?/gi;

const PHRASE =
  /\b(?:listen|serv|runn|start|bound)\w*\b[^\n]{0,60}?(?:\bport\b[ :=#]{1,3}|(?:\s|\]|\*|\.\d{1,3}):)(\d{2,5})\b(?!:)/gim;

const MAX_PORT = 65_535;

/** Finds the ports that a program says it serves, each once; an address that is told later counts for the first. */
export class ServedPorts {
  readonly #known = new Set<number>();
  #tail = "";
  #looked = 0;

  /** There is no use in more text. */
  get isDone(): boolean {
    return this.#looked > LOOKED_AT;
  }

  /** Those that the text tells of. */
  push(text: string): ServedPort[] {
    if (this.isDone) return [];
    this.#looked += text.length;
    const all = this.#tail + text;
    const end = all.lastIndexOf("\n") + 1;
    this.#tail = all.slice(Math.max(end, all.length - OVERLAP));
    const lines = withoutColors(all.slice(0, end));
    const told = [...lines.matchAll(ADDRESS), ...lines.matchAll(PHRASE)];
    return told.flatMap(([, digits, path = "/"]) => {
      const port = Number(digits);
      if (port > MAX_PORT || this.#known.has(port)) return [];
      this.#known.add(port);
      return [{ port, path }];
    });
  }
}
