import { abortError, SerialQueue } from "../base/async";
import { UserError } from "../base/errors";
import type { Clock } from "../base/ports";
import { formatGpu } from "../modal/gpus";
import type { RateSource } from "../modal/rates";
import { hourlyRate, type Billable } from "./cost";
import type { CostMeter } from "./costMeter";
import { isOfThisMachine } from "./costMeter";
import type { JournalEntry } from "./journal";
import { crossings, describeCrossing, type Crossing, type LimitKind, type Limits, type Load } from "./limits";
import type { Sandbox } from "./sandbox";
import type { SandboxStore } from "./sandboxStore";

/** Whoever may refuse that a sandbox is created. */
export interface Guard {
  /** Rejects where it must not be created; its record is in the store already. */
  admit(candidate: Sandbox, signal: AbortSignal): Promise<void>;
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
  /** Asks whether to go on above a soft limit. */
  readonly approve: (question: string) => Promise<boolean>;
  readonly clock: Clock;
}

/** No creation takes longer: what is older on disk was given up. */
const CREATION_MS = 20 * 60_000;

/**
 * Keeps what this machine's sandboxes cost below the user's limits. Creations under way count for those that began after
 * them, in this window and in others, so that several at once do not slip through together.
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
  async admit(candidate: Sandbox, signal: AbortSignal): Promise<void> {
    if (!hasLimit(this.#options.limits())) return;
    await this.#admissions.run(async () => {
      signal.throwIfAborted();
      await this.#options.refresh(signal);
      await this.#options.meter.update();
      const load = await this.#loadWith(candidate);
      const { soft, hard } = this.#options.limits();
      const label = formatGpu(candidate.gpu);

      const [refused] = crossings(load, hard);
      if (refused) throw limitReached(refused, label);
      await this.#ask(crossings(load, soft), label);
    });
  }

  async #ask(crossed: readonly Crossing[], label: string): Promise<void> {
    const kinds = new Set(crossed.map(({ kind }) => kind));
    for (const kind of this.#approved) if (!kinds.has(kind)) this.#approved.delete(kind);
    const news = crossed.filter(({ kind }) => !this.#approved.has(kind));
    if (news.length === 0) return;
    const question = news.map((crossing) => describeCrossing(crossing, label)).join(" ");
    if (!(await this.#options.approve(question))) throw abortError();
    for (const { kind } of news) this.#approved.add(kind);
  }

  async #loadWith(candidate: Sandbox): Promise<Load> {
    const { store, meter, rates } = this.#options;
    const known = store.all.filter((sandbox) => isOfThisMachine(sandbox) && countsBefore(sandbox, candidate));
    const billables: Billable[] = [candidate, ...known, ...(await this.#startedElsewhere(candidate))];
    const { isFree, today } = meter.costs;
    return {
      sandboxes: billables.length,
      dollarsPerHour: isFree ? 0 : billables.reduce((sum, billable) => sum + hourlyRate(billable, rates.current), 0),
      dollarsPerDay: isFree ? 0 : today,
    };
  }

  /** What other windows are creating that the server does not list yet. */
  async #startedElsewhere(candidate: Sandbox): Promise<Billable[]> {
    const { store, journal, clock } = this.#options;
    const oldest = clock.now() - CREATION_MS;
    return (await journal()).flatMap(({ name, id, isDoomed, createdAt, making }) => {
      const isUnderWay = id === undefined && !isDoomed && createdAt > oldest && store.get(name) === undefined;
      return making && isUnderWay && isBefore({ name, createdAt }, candidate) ? [making.spec] : [];
    });
  }
}

/** Whether a sandbox costs money, or will, that is spoken for before the candidate's. */
function countsBefore(sandbox: Sandbox, candidate: Sandbox): boolean {
  switch (sandbox.phase.kind) {
    case "running":
    case "pausing":
      return true;
    case "creating":
      return sandbox.phase.id !== undefined || isBefore(sandbox, candidate);
    case "paused":
    case "stopping":
    case "ended":
      return false;
  }
}

type Begun = Pick<Sandbox, "name" | "createdAt">;

/** The same order in every window. */
const isBefore = (one: Begun, other: Begun): boolean =>
  one.createdAt === other.createdAt ? one.name < other.name : one.createdAt < other.createdAt;

const hasLimit = ({ soft, hard }: { readonly soft: Limits; readonly hard: Limits }): boolean =>
  [soft, hard].some((limits) => Object.values(limits).some((limit: number) => limit > 0));

const limitReached = (crossing: Crossing, label: string) =>
  new UserError(
    `${describeCrossing(crossing, label)} ${crossing.kind === "dollarsPerDay" ? "Raise the limit, or go on tomorrow." : "Terminate a sandbox or raise the limit."}`,
    {
      actions: [
        { title: "Open Settings", command: "modalSandboxes.setLimits" },
        ...(crossing.kind === "dollarsPerDay"
          ? []
          : [{ title: "Terminate…", command: "modalSandboxes.terminateSandbox" }]),
      ],
    },
  );
