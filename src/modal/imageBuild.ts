import { Deferred } from "../base/async";
import { Emitter } from "../base/event";

/** One entry of a build's log, in order. */
export type BuildEntry =
  { readonly kind: "layer"; readonly title: string } | { readonly kind: "output"; readonly text: string };

export type BuildEnd =
  | { readonly kind: "built" }
  | { readonly kind: "failed"; readonly layer: string; readonly reason: string }
  | { readonly kind: "canceled" };

/** The longest log that is kept, in characters. A longer one loses its beginning. */
const KEPT = 2_000_000;

/** Unreadable text: the encoded contents of files that are added to an image. */
const ENCODED = /[A-Za-z0-9+/=]{200,}/g;

/** A build that is in progress or has ended: its log, which can be read from the start at any time, and its outcome. */
export class ImageBuild {
  readonly id: string;
  readonly label: string;
  readonly #entries: BuildEntry[] = [];
  readonly #added = new Emitter<BuildEntry>();
  readonly onDidAddEntry = this.#added.event;
  readonly #finished = new Deferred<BuildEnd>();
  readonly finished = this.#finished.promise;
  #kept = 0;
  #isAnnounced = false;

  constructor(id: string, label: string) {
    this.id = id;
    this.label = label;
  }

  /** True once the build has been announced. */
  get isAnnounced(): boolean {
    return this.#isAnnounced;
  }

  /** Returns true on the first call only. */
  announce(): boolean {
    const isFirst = !this.#isAnnounced;
    this.#isAnnounced = true;
    return isFirst;
  }

  get entries(): readonly BuildEntry[] {
    return this.#entries;
  }

  enterLayer(title: string): void {
    this.#add({ kind: "layer", title });
  }

  write(output: string): void {
    const text = output.replace(ENCODED, "…").slice(-KEPT);
    this.#kept += text.length;
    while (this.#kept > KEPT) {
      const dropped = this.#entries.shift();
      this.#kept -= dropped?.kind === "output" ? dropped.text.length : 0;
    }
    this.#add({ kind: "output", text });
  }

  /** The last line of the current layer. */
  get lastLine(): string | undefined {
    const start = this.#entries.findLastIndex(({ kind }) => kind === "layer");
    const texts = this.#entries.slice(start + 1).map((entry) => (entry.kind === "output" ? entry.text : ""));
    return texts
      .join("")
      .split(/[\r\n]/)
      .findLast((line) => line.trim() !== "")
      ?.trim();
  }

  end(end: BuildEnd): void {
    this.#finished.resolve(end);
  }

  #add(entry: BuildEntry): void {
    this.#entries.push(entry);
    this.#added.fire(entry);
  }
}
