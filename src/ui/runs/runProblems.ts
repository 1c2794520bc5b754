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

/** A program that reports without end is no longer listened to. */
const MAX_PROBLEMS = 100;

const MAX_RELATED = 10;

/** The end of a line, wherever that is. */
const LINE_END = 10_000;

/** What the runs of a target that were started together reported. */
interface Reported {
  readonly group: string;
  readonly collection: DiagnosticCollection;
  readonly known: Set<string>;
}

/** Lists what went wrong in programs, by what they write to stderr, in the Problems view until they run again. */
export class RunProblems implements Disposable {
  readonly #own = new DisposableStore();
  readonly #reported = new Map<string, Reported>();
  /** Places are looked for one after the other, so that problems come in the order in which they were reported. */
  #work: Promise<void> = Promise.resolve();

  /** Listens to a run, and forgets what an earlier one of the same target reported. */
  follow(run: Run): void {
    const reported = this.#reportedOf(run);
    const finder = new TraceFinder();
    const decoder = new StringDecoder("utf8");
    const listening = this.#own.add(
      run.onDidOutput(({ bytes, stream }) => {
        if (stream === "stdout") return;
        if (reported.known.size >= MAX_PROBLEMS) listening.dispose();
        else
          this.#add(
            run,
            reported,
            finder.push(decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))),
          );
      }),
    );
    void run.over.then(() => {
      listening.dispose();
      this.#add(run, reported, finder.end());
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

/** At its innermost place that is on this machine; not at all where it has none. */
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
