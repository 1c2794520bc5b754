import { Deferred } from "../base/async";
import { Emitter } from "../base/event";

/** What a build has to say, in its order. */
export type BuildEntry =
  { readonly kind: "layer"; readonly title: string } | { readonly kind: "output"; readonly text: string };

export type BuildEnd =
  | { readonly kind: "built" }
  | { readonly kind: "failed"; readonly layer: string; readonly reason: string }
  | { readonly kind: "cancelled" };

/** What of a log is kept, in characters; a longer one loses its beginning. */
const KEPT = 2_000_000;

/** Text that nobody reads: the contents of files on their way into an image. */
const ENCODED = /[A-Za-z0-9+/=]{200,}/g;

/** One making of an image that takes time: its log, which can be read from the start at any time, and its end. */
export class ImageBuild {
  readonly id: string;
  readonly label: string;
  readonly #entries: BuildEntry[] = [];
  readonly #added = new Emitter<BuildEntry>();
  readonly onDidAddEntry = this.#added.event;
  readonly #over = new Deferred<BuildEnd>();
  readonly over = this.#over.promise;
  #kept = 0;
  #isAnnounced = false;

  constructor(id: string, label: string) {
    this.id = id;
    this.label = label;
  }

  /** Whether anybody was told of it. */
  get isAnnounced(): boolean {
    return this.#isAnnounced;
  }

  /** Tells whether this is the time to tell of it, which is once. */
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

  /** The last words of the layer that was entered last. */
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
    this.#over.resolve(end);
  }

  #add(entry: BuildEntry): void {
    this.#entries.push(entry);
    this.#added.fire(entry);
  }
}
