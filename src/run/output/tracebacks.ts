import { withoutColors } from "../../base/ansi";

/** A location in the sandbox where something failed. Lines and columns start at 1. */
export interface Frame {
  /** Absolute, or relative to the folder where the program started. */
  readonly path: string;
  readonly line: number;
  readonly column?: number;
}

/** An error or warning that a program or a compiler printed. */
export interface Trace {
  readonly message: string;
  readonly isWarning: boolean;
  /** The innermost frame first. Never empty. */
  readonly frames: readonly Frame[];
}

/** Recursion may print any number of frames. */
const MAX_FRAMES = 50;

/** Longer lines are not part of a traceback. */
const MAX_LINE = 2000;

/** Node prints the error within this many lines after its location. */
const NEAR_LINES = 12;

/** Matches every line that can contain a location, so that other lines and chunks are skipped quickly. */
const CANDIDATE = /[^\d\s]:\d|line [\d\x1b]|\(\d+(?:,\d+)?\): |: \d+: /;

/** Finds tracebacks and messages of compilers and shells in output that arrives in chunks. */
export class TraceFinder {
  /** The last line, which is incomplete so far. */
  #rest = "";
  /** The latest lines, as long as they contain no trace. */
  #recent = "";
  /** The kind of trace that is being read. */
  #kind: "python" | "javascript" | "go" | "rust" | undefined;
  /** The outermost frame first. */
  #frames: Frame[] = [];
  /** The latest line with an error message, for languages that print the message before the frames. */
  #headline = "";
  /** The location that Node prints before the error, and how many lines ago it did. */
  #place: { readonly frame: Frame; age: number } | undefined;

  /** Returns the traces that this output completes. */
  push(text: string): Trace[] {
    const all = this.#rest + text;
    const end = Math.max(all.lastIndexOf("\n"), all.lastIndexOf("\r")) + 1;
    const lines = all.slice(0, end);
    this.#rest = all.length - end > MAX_LINE ? "" : all.slice(end);
    if (this.#kind === undefined && !CANDIDATE.test(lines)) {
      this.#recent = (lines.length < MAX_LINE ? this.#recent + lines : lines).slice(-MAX_LINE);
      return [];
    }
    const known = this.#recent;
    this.#recent = "";
    const traces: Trace[] = [];
    for (const line of (known + lines).split(/[\r\n]+/)) {
      if (line.length > MAX_LINE || line.trim() === "") continue;
      if (this.#place) this.#place.age += 1;
      if (this.#kind !== undefined || CANDIDATE.test(line)) traces.push(...this.#read(plain(line)));
      else if (isHeadline(line)) this.#headline = plain(line);
    }
    return traces;
  }

  /** Returns the remaining trace after the last output. */
  end(): Trace[] {
    return [...this.push("\n"), ...this.#complete(this.#headline)];
  }

  /** Reads a line that may contain a location, or that follows such a line. */
  #read(line: string): Trace[] {
    const frame = frameOf(line);
    if (frame) {
      const before = this.#kind === frame.kind ? [] : this.#complete(this.#headline);
      this.#kind = frame.kind;
      if (frame.place) this.#frames.push(frame.place);
      if (this.#frames.length > MAX_FRAMES) this.#frames.splice(frame.kind === "python" ? 0 : -1, 1);
      return before;
    }
    if (this.#kind === "python" || this.#kind === "rust") return /^\s/.test(line) ? [] : this.#complete(line);
    if (this.#kind === "go" && isGoCall(line)) return [];
    return [...this.#complete(this.#headline), ...this.#readAlone(line)];
  }

  /** Reads a line outside a trace. */
  #readAlone(line: string): Trace[] {
    const place = pick(/^(?:file:\/\/)?(\/[^:]+):(\d+)$/, line);
    if (place) this.#place = { frame: place, age: 0 };
    const arrow = line.includes("--> ") ? pick(/^\s*--> (\S+?):(\d+):(\d+)$/, line) : undefined;
    if (arrow) return [{ message: this.#headline, isWarning: this.#headline.startsWith("warning"), frames: [arrow] }];
    if (!isHeadline(line)) return [];
    this.#headline = line;
    return messageOf(line);
  }

  #complete(message: string): Trace[] {
    const innermostLast = this.#kind === "python";
    const frames = innermostLast ? this.#frames.toReversed() : this.#frames;
    const place = this.#kind === "javascript" && this.#place && this.#place.age < NEAR_LINES ? [this.#place.frame] : [];
    this.#kind = undefined;
    this.#frames = [];
    const all = [...frames, ...place];
    return all.length > 0 ? [{ message, isWarning: false, frames: all }] : [];
  }
}

type Kind = "python" | "javascript" | "go" | "rust";

/** Parses a line of a trace. Frames of the runtime itself have no location. */
function frameOf(line: string): { readonly kind: Kind; readonly place: Frame | undefined } | undefined {
  const python = line.includes('File "') ? pick(/^[\s|]*File "([^"]+)", line (\d+)/, line) : undefined;
  if (python) return { kind: "python", place: python };
  if (line.startsWith("thread ")) {
    const rust = pick(/^thread .* panicked at (\S+?):(\d+):(\d+):$/, line);
    return rust && { kind: "rust", place: rust };
  }
  if (/^\s+at /.test(line)) return { kind: "javascript", place: pick(JAVASCRIPT, line) };
  const go = line.startsWith("\t/") ? pick(/^\t(\/\S+\.go):(\d+)/, line) : undefined;
  return go && { kind: "go", place: go };
}

const JAVASCRIPT = /^\s+at (?:.*\()?(?:async )?(?:file:\/\/)?(\/[^()]+?):(\d+):(\d+)\)?$/;

/** Go prints the error message before the goroutine and its calls. */
const isHeadline = (line: string) =>
  !/^\s/.test(line) && !(/[):]$/.test(line) && (isGoCall(line) || line.startsWith("goroutine ")));

const isGoCall = (line: string) => /^(?:created by |[\w./*()-]+\(.*\)$)/.test(line);

/** Messages of one line. Each pattern captures the path, the line, possibly the column, and the message. */
const alone: readonly { readonly pattern: RegExp; readonly isWarning: boolean }[] = [
  // gcc, clang
  { pattern: /^([^:]+):(\d+):(?:(\d+):)? (?:fatal )?error: (.+)$/, isWarning: false },
  { pattern: /^([^:]+):(\d+):(?:(\d+):)? warning: (.+)$/, isWarning: true },
  // nvcc, tsc
  { pattern: /^([^:(]+)\((\d+)(?:,(\d+))?\): (?:catastrophic |fatal )?error\b[^:]*: (.+)$/, isWarning: false },
  { pattern: /^([^:(]+)\((\d+)(?:,(\d+))?\): warning\b[^:]*: (.+)$/, isWarning: true },
  // bash, dash
  { pattern: /^([^:]+): line (\d+):() (.+)$/, isWarning: false },
  { pattern: /^(\/[^:\s]+): (\d+):() (.+)$/, isWarning: false },
  // go
  { pattern: /^([^:\s]+\.go):(\d+):(\d+): (.+)$/, isWarning: false },
  // Python's warnings module
  { pattern: /^(\/[^:]+):(\d+):() (\w*Warning: .+)$/, isWarning: true },
];

/** The common beginning of all these patterns. */
const ALONE = /^[^:(]+(?::\d+(?::\d+)?:|\(\d+(?:,\d+)?\):|: line \d+:|: \d+:) /;

function messageOf(line: string): Trace[] {
  if (!ALONE.test(line)) return [];
  for (const { pattern, isWarning } of alone) {
    const frame = pick(pattern, line);
    const message = pattern.exec(line)?.[4];
    if (frame && message !== undefined) return [{ message, isWarning, frames: [frame] }];
  }
  return [];
}

/** Returns the path, line and column that a pattern captures in this order. */
function pick(pattern: RegExp, line: string): Frame | undefined {
  const [, path, lineNumber, column] = pattern.exec(line) ?? [];
  if (path === undefined || lineNumber === undefined) return undefined;
  return { path, line: Number(lineNumber), ...(column && { column: Number(column) }) };
}

/** Removes colors, and the rank that torchrun prints before each line. */
const plain = (line: string): string => withoutColors(line).replace(/^\[rank\d+\]: ?/, "");
