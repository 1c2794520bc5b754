import { abortError, SerialQueue } from "../../base/async";
import { UserError } from "../../base/errors";
import type { Clock } from "../../base/ports";
import { formatGpu } from "../../modal/gpus";
import type { RateSource } from "../../modal/rates";
import { hourlyRate, type Billable } from "./cost";
import type { CostMeter } from "./costMeter";
import { isOfThisMachine } from "./costMeter";
import type { JournalEntry } from "../ownership/journal";
import { crossings, describeCrossing, type Crossing, type LimitKind, type Limits, type Load } from "./limits";
import type { Sandbox } from "../sandbox";
import type { SandboxStore } from "../sandboxStore";

/** Decides if a sandbox may be created. */
export interface Guard {
  /**
   * Records the candidate so that other windows count it, or rejects if it must not be created. The store already
   * contains it.
   * @param record writes it to the journal
   */
  admit(candidate: Sandbox, record: () => Promise<void>, signal: AbortSignal): Promise<void>;
}

export interface SpendingGuardOptions {
  readonly store: SandboxStore;
  readonly meter: Pick<CostMeter, "costs" | "update">;
  readonly rates: RateSource;
  readonly limits: () => { readonly soft: Limits; readonly hard: Limits };
  /** Updates the store, because sandboxes of other windows count too. */
  readonly refresh: (signal: AbortSignal) => Promise<void>;
  /** The journal entries of the account's sandboxes. */
  readonly journal: () => Promise<readonly JournalEntry[]>;
  /** The ids of the open windows, including this one. */
  readonly livingWindows: () => Promise<ReadonlySet<string>>;
  /** Runs `work` while no other window decides. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  /** Asks the user if a sandbox of this price may exceed a soft limit. */
  readonly approve: (question: string, dollarsPerHour: number) => Promise<boolean>;
  readonly clock: Clock;
}

/**
 * After this time, the server has answered a create from a window that has since closed. While its window is open, an
 * image build may take any time.
 */
const CREATION_MS = 20 * 60_000;

/**
 * Keeps the cost of this machine's sandboxes below the user's limits. Windows decide one at a time, based on the
 * server's list and on all journal entries, so that two concurrent creates cannot both slip below a limit.
 */
export class SpendingGuard implements Guard {
  readonly #options: SpendingGuardOptions;
  readonly #admissions = new SerialQueue();
  /** The soft limits that the user has agreed to exceed. Each is forgotten when the total is below it again. */
  readonly #approved = new Set<LimitKind>();

  constructor(options: SpendingGuardOptions) {
    this.#options = options;
  }

  /**
   * Throws a `UserError` above a hard limit. Above a soft limit it asks the user, and throws an `AbortError` if the
   * answer is no.
   */
  async admit(candidate: Sandbox, record: () => Promise<void>, signal: AbortSignal): Promise<void> {
    if (!hasLimit(this.#options.limits())) {
      await record();
      return;
    }
    await this.#admissions.run(async () => {
      for (;;) {
        const unasked = await this.#decide(candidate, record, signal);
        if (unasked.length === 0) return;
        await this.#ask(unasked, candidate);
      }
    });
  }

  /** Records the candidate unless the user must be asked first. Returns the crossings to ask about. */
  async #decide(candidate: Sandbox, record: () => Promise<void>, signal: AbortSignal): Promise<readonly Crossing[]> {
    const { journal, refresh, meter, exclusively } = this.#options;
    const before = new Set((await journal()).flatMap(({ name, id }) => (id === undefined ? [] : [name])));
    await refresh(signal);
    await meter.update();
    signal.throwIfAborted();
    return exclusively(async () => {
      const load = await this.#loadWith(candidate, before);
      const { soft, hard } = this.#options.limits();
      const [refused] = crossings(load, hard);
      if (refused) throw limitReached(refused, formatGpu(candidate.gpu), this.#running.length > 0);
      const unasked = this.#unasked(crossings(load, soft));
      if (unasked.length === 0) await record();
      return unasked;
    });
  }

  /** Returns the crossings that the user has not approved. Forgets approvals of limits that are no longer exceeded. */
  #unasked(crossed: readonly Crossing[]): readonly Crossing[] {
    const kinds = new Set(crossed.map(({ kind }) => kind));
    for (const kind of this.#approved) if (!kinds.has(kind)) this.#approved.delete(kind);
    return crossed.filter(({ kind }) => !this.#approved.has(kind));
  }

  async #ask(news: readonly Crossing[], candidate: Sandbox): Promise<void> {
    const { meter, rates, approve } = this.#options;
    const question = news.map((crossing) => describeCrossing(crossing, formatGpu(candidate.gpu))).join(" ");
    const price = meter.costs.isFree ? 0 : hourlyRate(candidate, rates.current);
    if (!(await approve(question, price))) throw abortError();
    for (const { kind } of news) this.#approved.add(kind);
  }

  /** @param listedBefore the names of the sandboxes whose ids were known before the server was last asked */
  async #loadWith(candidate: Sandbox, listedBefore: ReadonlySet<string>): Promise<Load> {
    const { meter, rates, journal, livingWindows } = this.#options;
    const [entries, living] = await Promise.all([journal(), livingWindows()]);
    const recorded = entries.filter((entry) => this.#isUnlisted(entry, listedBefore, living));
    const specs = recorded.flatMap(({ making }) => (making ? [making.spec] : []));
    const billables: Billable[] = [candidate, ...this.#running, ...specs];
    const { isFree, today } = meter.costs;
    return {
      sandboxes: billables.length,
      dollarsPerHour: isFree ? 0 : billables.reduce((sum, billable) => sum + hourlyRate(billable, rates.current), 0),
      dollarsPerDay: isFree ? 0 : today,
    };
  }

  /** The sandboxes of this machine that cost money or will. */
  get #running(): readonly Sandbox[] {
    return this.#options.store.all.filter((sandbox) => isOfThisMachine(sandbox) && isOnServer(sandbox));
  }

  /** True for a sandbox that some window is creating, or has created since the server was last asked. */
  #isUnlisted(
    { name, id, windowId, isMarkedForTermination, createdAt }: JournalEntry,
    listedBefore: ReadonlySet<string>,
    living: ReadonlySet<string>,
  ): boolean {
    const { store, clock } = this.#options;
    if (isMarkedForTermination) return false;
    const known = store.get(name) ?? (id === undefined ? undefined : store.findById(id));
    if (known) return known.phase.kind === "creating" && known.phase.id === undefined;
    if (id !== undefined) return !listedBefore.has(name);
    return living.has(windowId) || createdAt > clock.now() - CREATION_MS;
  }
}

/** True if the server has the sandbox and bills it, now or soon. */
function isOnServer({ phase }: Sandbox): boolean {
  switch (phase.kind) {
    case "running":
    case "pausing":
      return true;
    case "creating":
      return phase.id !== undefined;
    case "paused":
    case "stopping":
    case "ended":
      return false;
  }
}

const hasLimit = ({ soft, hard }: { readonly soft: Limits; readonly hard: Limits }): boolean =>
  [soft, hard].some((limits) => Object.values(limits).some((limit: number) => limit > 0));

/** Terminating a sandbox helps if one runs and the limit is not on what is spent already. */
function limitReached(crossing: Crossing, label: string, hasRunning: boolean): UserError {
  const canTerminate = hasRunning && crossing.kind !== "dollarsPerDay";
  const remedy =
    crossing.kind === "dollarsPerDay"
      ? "Raise the limit, or continue tomorrow."
      : canTerminate
        ? "Terminate a sandbox or raise the limit."
        : "Raise the limit.";
  return new UserError(`${describeCrossing(crossing, label)} ${remedy}`, {
    actions: [
      { title: "Open Settings", command: "modalSandboxes.setLimits" },
      ...(canTerminate ? [{ title: "Terminate…", command: "modalSandboxes.terminateSandbox" }] : []),
    ],
  });
}
