import { StringDecoder } from "node:string_decoder";
import {
  Diagnostic,
  DiagnosticRelatedInformation,
  DiagnosticSeverity,
  languages,
  Location,
  Range,
  type DiagnosticCollection,
} from "vscode";
import { DisposableStore, type Disposable } from "../../base/disposable";
import type { Run } from "../../run/run";
import { TraceFinder, type Trace } from "../../run/output/tracebacks";
import { localPlace, type LocalPlace } from "../localFile";

/** After this many problems of a program, further ones are ignored. */
const MAX_PROBLEMS = 100;

const MAX_RELATED = 10;

/** A column past the end of any line. */
const LINE_END = 10_000;

/** The problems of a target's runs that were started together. */
interface Reported {
  readonly group: string;
  readonly collection: DiagnosticCollection;
  readonly known: Set<string>;
}

/** Lists the errors that programs write to stderr in the Problems view, until they run again. */
export class RunProblems implements Disposable {
  readonly #own = new DisposableStore();
  readonly #reported = new Map<string, Reported>();
  /** Files are looked up one after another, so that problems keep the order in which they were reported. */
  #work: Promise<void> = Promise.resolve();

  /** Watches a run, and clears the problems of earlier runs of the same target. */
  follow(run: Run): void {
    const reported = this.#reportedOf(run);
    const finder = new TraceFinder();
    const decoder = new StringDecoder("utf8");
    const held: Trace[] = [];
    const listening = this.#own.add(
      run.onDidOutput(({ bytes, stream }) => {
        if (stream === "stdout") return;
        if (reported.known.size >= MAX_PROBLEMS) listening.dispose();
        else {
          const text = decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
          const traces = finder.push(text);
          if (run.isStopping) held.push(...traces);
          else this.#add(run, reported, traces);
        }
      }),
    );
    void run.finished.then((state) => {
      listening.dispose();
      // A KeyboardInterrupt is no problem of the program.
      if (state.kind === "ended" && state.stoppedBy !== undefined) return;
      this.#add(run, reported, [...held, ...finder.end()]);
    });
  }

  dispose(): void {
    this.#own.dispose();
    for (const { collection } of this.#reported.values()) collection.dispose();
  }

  #reportedOf({ target: { label, file }, group }: Run): Reported {
    const key = JSON.stringify([label, file && "path" in file ? file.path : undefined]);
    const before = this.#reported.get(key);
    if (before?.group === group) return before;
    before?.collection.dispose();
    const reported = {
      group,
      collection: languages.createDiagnosticCollection("modalSandboxes"),
      known: new Set<string>(),
    };
    this.#reported.set(key, reported);
    return reported;
  }

  #add(run: Run, reported: Reported, traces: readonly Trace[]): void {
    for (const trace of traces) {
      const known = JSON.stringify(trace);
      if (reported.known.has(known) || reported.known.size >= MAX_PROBLEMS) continue;
      reported.known.add(known);
      this.#work = this.#work.then(() => report(run, reported, trace)).catch(() => undefined);
    }
  }
}

/** Adds a problem at its innermost frame whose file is on this machine, or not at all if there is none. */
async function report(run: Run, { collection }: Reported, { message, isWarning, frames }: Trace): Promise<void> {
  const places: LocalPlace[] = [];
  for (const frame of frames) {
    const place = await localPlace(frame, run);
    if (place) places.push(place);
  }
  const [innermost, ...callers] = places;
  if (!innermost) return;
  const { uri, position } = innermost;
  const range = new Range(position, position.with({ character: LINE_END }));
  const diagnostic = new Diagnostic(range, message, isWarning ? DiagnosticSeverity.Warning : DiagnosticSeverity.Error);
  diagnostic.source = run.target.label;
  diagnostic.relatedInformation = callers
    .slice(0, MAX_RELATED)
    .map((caller) => new DiagnosticRelatedInformation(new Location(caller.uri, caller.position), "called from here"));
  collection.set(uri, [...(collection.get(uri) ?? []), diagnostic]);
}
