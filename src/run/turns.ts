import { abortable, Deferred } from "../base/async";
import { isFinished, type Run } from "./run";

/** Makes runs that share a sandbox wait for each other, in the order in which they were started. */
export class Turns {
  readonly #isConcurrent: () => boolean;
  /** The runs that have no sandbox yet, in the order in which they were started. */
  readonly #expected = new Map<Run, { readonly place: string; readonly arrival: Deferred<undefined> }>();
  /** The runs of each sandbox, by its key. */
  readonly #arrived = new Map<string, Set<Run>>();

  /** @param isConcurrent true if runs without `isAlone` don't wait */
  constructor(isConcurrent: () => boolean) {
    this.#isConcurrent = isConcurrent;
  }

  /** @param place equal for runs that are likely to get the same sandbox */
  expect(run: Run, place: string): void {
    this.#expected.set(run, { place, arrival: new Deferred() });
    void run.finished.then(() => this.#arrive(run));
  }

  /** Records that a run has a sandbox. */
  enter(run: Run, key: string): void {
    const arrived = this.#arrived.get(key) ?? new Set();
    this.#arrived.set(key, arrived.add(run));
    void run.finished.then(() => arrived.delete(run));
    this.#arrive(run);
  }

  /** Resolves when the run can use the sandbox: all earlier runs that can't share it with this one have finished. */
  async wait(run: Run, key: string): Promise<void> {
    if (!this.#isConcurrent() || run.isAlone)
      await abortable(Promise.all(this.#earlier(run).map(({ arrival }) => arrival.promise)), run.signal);
    const isApart = (other: Run) => other !== run && (!this.#isConcurrent() || run.isAlone || other.isAlone);
    const before = [...(this.#arrived.get(key) ?? [])].filter((other) => !isFinished(other.state) && isApart(other));
    this.enter(run, key);
    const last = before.at(-1);
    if (!last) return;
    run.enter({ kind: "preparing", step: waitingFor(last, run.isAlone || last.isAlone) });
    await abortable(Promise.all(before.map(({ finished }) => finished)), run.signal);
  }

  #earlier(run: Run) {
    const all = [...this.#expected];
    const index = all.findIndex(([other]) => other === run);
    const place = this.#expected.get(run)?.place;
    return all.slice(0, Math.max(0, index)).flatMap(([, other]) => (other.place === place ? [other] : []));
  }

  #arrive(run: Run): void {
    this.#expected.get(run)?.arrival.resolve(undefined);
    this.#expected.delete(run);
  }
}

const waitingFor = ({ target: { label } }: Run, wouldMix: boolean): string =>
  wouldMix ? `Waiting for ${label} to finish so that outputs don't mix` : `Waiting for ${label} to finish`;
