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

/** Whoever may refuse that a sandbox is created. */
export interface Guard {
  /**
   * Puts it on record, so that others count it, or rejects where it must not be created. It is in the store already.
   * @param record writes it to the journal
   */
  admit(candidate: Sandbox, record: () => Promise<void>, signal: AbortSignal): Promise<void>;
}

export interface SpendingGuardOptions {
  readonly store: SandboxStore;
  readonly meter: Pick<CostMeter, "costs" | "update">;
  readonly rates: RateSource;
  readonly limits: () => { readonly soft: Limits; readonly hard: Limits };
  /** Brings the store up to date, for what other windows made counts too. */
  readonly refresh: (signal: AbortSignal) => Promise<void>;
  /** What this machine has on disk of the sandboxes of the account. */
  readonly journal: () => Promise<readonly JournalEntry[]>;
  /** The ids of the windows that live, this one among them. */
  readonly livingWindows: () => Promise<ReadonlySet<string>>;
  /** Keeps all other windows from deciding meanwhile. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  /** Asks whether to go on above a soft limit. */
  readonly approve: (question: string) => Promise<boolean>;
  readonly clock: Clock;
}

/** A create that a dead window asked for has its answer by then. While its window lives, an image build takes any time. */
const CREATION_MS = 20 * 60_000;

/**
 * Keeps what this machine's sandboxes cost below the user's limits. Each window decides while no other does, by what the
 * server lists and by what all of them have put on record, so that several at once do not slip through together.
 */
export class SpendingGuard implements Guard {
  readonly #options: SpendingGuardOptions;
  readonly #admissions = new SerialQueue();
  /** What the user was asked about, until it is below its limit again. */
  readonly #approved = new Set<LimitKind>();

  constructor(options: SpendingGuardOptions) {
    this.#options = options;
  }

  /** Refuses above a hard limit with a `UserError`; above a soft one asks once, and a no is an `AbortError`. */
  async admit(candidate: Sandbox, record: () => Promise<void>, signal: AbortSignal): Promise<void> {
    if (!hasLimit(this.#options.limits())) {
      await record();
      return;
    }
    await this.#admissions.run(async () => {
      for (;;) {
        const unasked = await this.#decide(candidate, record, signal);
        if (unasked.length === 0) return;
        await this.#ask(unasked, formatGpu(candidate.gpu));
      }
    });
  }

  /** Puts the candidate on record, unless the user is to be asked first: about the crossings that it returns. */
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
      if (refused) throw limitReached(refused, formatGpu(candidate.gpu));
      const unasked = this.#unasked(crossings(load, soft));
      if (unasked.length === 0) await record();
      return unasked;
    });
  }

  /** Forgets what was approved of limits that are no longer crossed. */
  #unasked(crossed: readonly Crossing[]): readonly Crossing[] {
    const kinds = new Set(crossed.map(({ kind }) => kind));
    for (const kind of this.#approved) if (!kinds.has(kind)) this.#approved.delete(kind);
    return crossed.filter(({ kind }) => !this.#approved.has(kind));
  }

  async #ask(news: readonly Crossing[], label: string): Promise<void> {
    const question = news.map((crossing) => describeCrossing(crossing, label)).join(" ");
    if (!(await this.#options.approve(question))) throw abortError();
    for (const { kind } of news) this.#approved.add(kind);
  }

  /** @param listedBefore the names of the sandboxes that had their id when the server was last asked */
  async #loadWith(candidate: Sandbox, listedBefore: ReadonlySet<string>): Promise<Load> {
    const { store, meter, rates, journal, livingWindows } = this.#options;
    const known = store.all.filter((sandbox) => isOfThisMachine(sandbox) && isOnServer(sandbox));
    const [entries, living] = await Promise.all([journal(), livingWindows()]);
    const recorded = entries.filter((entry) => this.#isUnlisted(entry, listedBefore, living));
    const specs = recorded.flatMap(({ making }) => (making ? [making.spec] : []));
    const billables: Billable[] = [candidate, ...known, ...specs];
    const { isFree, today } = meter.costs;
    return {
      sandboxes: billables.length,
      dollarsPerHour: isFree ? 0 : billables.reduce((sum, billable) => sum + hourlyRate(billable, rates.current), 0),
      dollarsPerDay: isFree ? 0 : today,
    };
  }

  /** True for what this window or another one creates, or has created since the server was last asked. */
  #isUnlisted(
    { name, id, windowId, isDoomed, createdAt }: JournalEntry,
    listedBefore: ReadonlySet<string>,
    living: ReadonlySet<string>,
  ): boolean {
    const { store, clock } = this.#options;
    if (isDoomed) return false;
    const known = store.get(name) ?? (id === undefined ? undefined : store.findById(id));
    if (known) return known.phase.kind === "creating" && known.phase.id === undefined;
    if (id !== undefined) return !listedBefore.has(name);
    return living.has(windowId) || createdAt > clock.now() - CREATION_MS;
  }
}

/** Whether the server has it, and it costs money or will. */
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

const limitReached = (crossing: Crossing, label: string) =>
  new UserError(
    `${describeCrossing(crossing, label)} ${crossing.kind === "dollarsPerDay" ? "Raise the limit, or continue tomorrow." : "Terminate a sandbox or raise the limit."}`,
    {
      actions: [
        { title: "Open Settings", command: "modalSandboxes.setLimits" },
        ...(crossing.kind === "dollarsPerDay"
          ? []
          : [{ title: "Terminate…", command: "modalSandboxes.terminateSandbox" }]),
      ],
    },
  );
