import { withoutColors } from "../../base/ansi";

/** A port on which the program says that it serves. */
export interface ServedPort {
  readonly port: number;
  /** The part of the address after the host: `/lab?token=…`. */
  readonly path: string;
}

/** Servers print their address when they start, so only this much output is searched. */
const LOOKED_AT = 1024 * 1024;

/** How much of the previous chunk is searched again, because an address may be split between two chunks. */
const OVERLAP = 300;

const ADDRESS = /\bhttps?:\/\/(?:localhost|0\.0\.0\.0|127\.\d+\.\d+\.\d+|\[::1?\]):(\d{2,5})(\/[^\s"'<>()\]]*)?/gi;

const PHRASE =
  /\b(?:listen|serv|runn|start|bound)\w*\b[^\n]{0,60}?(?:\bport\b[ :=#]{1,3}|(?:\s|\]|\*|\.\d{1,3}):)(\d{2,5})\b(?!:)/gim;

const MAX_PORT = 65_535;

/**
 * Finds the ports on which a program says that it serves. Each port is reported once, with the path of its first
 * mention.
 */
export class ServedPorts {
  readonly #known = new Set<number>();
  #tail = "";
  #looked = 0;

  /** True if more output will be ignored. */
  get isDone(): boolean {
    return this.#looked > LOOKED_AT;
  }

  /** Returns the ports that this output mentions. */
  push(text: string): ServedPort[] {
    if (this.isDone) return [];
    this.#looked += text.length;
    const all = this.#tail + text;
    const end = all.lastIndexOf("\n") + 1;
    this.#tail = all.slice(Math.max(end, all.length - OVERLAP));
    const lines = withoutColors(all.slice(0, end));
    const mentions = [...lines.matchAll(ADDRESS), ...lines.matchAll(PHRASE)];
    return mentions.flatMap(([, digits, path = "/"]) => {
      const port = Number(digits);
      if (port > MAX_PORT || this.#known.has(port)) return [];
      this.#known.add(port);
      return [{ port, path }];
    });
  }
}
