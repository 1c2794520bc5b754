/** Modal's `FileDescriptor`. */
export const logSource = { stdout: 1, stderr: 2, system: 3 } as const;

export type LogSource = (typeof logSource)[keyof typeof logSource];

export interface LogEntry {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly source: LogSource;
  /** One line, or a partial line if the program paused before the end of the line. */
  readonly text: string;
}

const ENTRIES_KEPT = 20_000;
const CHARACTERS_KEPT = 1024 * 1024;
// A longer line is split.
const LONGEST_LINE = 64 * 1024;
// The time to wait for the rest of a line.
const LINE_WAIT_MS = 200;

/** A command's output, line by line with times. Only the end of a long output is kept. */
export class LogBook {
  #entries: LogEntry[] = [];
  #characters = 0;

  /** Returns a writer for the bytes of one stream. Call `end` when the stream has ended. */
  open(source: LogSource): LogWriter {
    return new LogWriter((text, at) => this.#add({ at, source, text }));
  }

  /** In order of arrival. */
  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  #add(entry: LogEntry): void {
    this.#entries.push(entry);
    this.#characters += entry.text.length;
    if (this.#entries.length > 2 * ENTRIES_KEPT || this.#characters > 2 * CHARACTERS_KEPT) this.#trim();
  }

  #trim(): void {
    let characters = 0;
    let first = this.#entries.length;
    const earliest = this.#entries.length - ENTRIES_KEPT;
    while (first > Math.max(0, earliest)) {
      characters += this.#entries[first - 1]?.text.length ?? 0;
      if (characters > CHARACTERS_KEPT) break;
      first -= 1;
    }
    this.#entries = this.#entries.slice(first);
    this.#characters = this.#entries.reduce((sum, { text }) => sum + text.length, 0);
  }
}

export class LogWriter {
  readonly #add: (text: string, at: number) => void;
  readonly #decoder = new TextDecoder();
  #rest = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(add: (text: string, at: number) => void) {
    this.#add = add;
  }

  write(data: Uint8Array): void {
    const at = Date.now();
    const lines = (this.#rest + this.#decoder.decode(data, { stream: true })).split(/(?<=\n)/);
    const last = lines.at(-1) ?? "";
    this.#rest = last.endsWith("\n") ? "" : (lines.pop() ?? "");
    for (const line of lines) if (line !== "") this.#add(line, at);
    if (this.#rest.length > LONGEST_LINE) this.#flush();
    if (this.#rest !== "") this.#timer ??= setTimeout(() => this.#flush(), LINE_WAIT_MS).unref();
  }

  end(): void {
    this.#rest += this.#decoder.decode();
    this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#rest !== "") this.#add(this.#rest, Date.now());
    this.#rest = "";
  }
}
