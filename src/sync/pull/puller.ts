import { join } from "node:path";

import { SerialQueue } from "../../base/async";
import { formatBytes, plural } from "../../base/format";
import { visibleText } from "../../base/inertText";
import { conflictText } from "./conflictText";
import { pull, type PullOptions, type PullResult } from "./pull";
import type { Conflict, PlanSummary, ProtectedCopy } from "./pullMessages";
import type { SyncThread } from "../worker/syncThread";

export interface PullerOptions {
  /** That of the pushes, which knows what both sides hold. */
  readonly thread: SyncThread;
  /** Read at each pull. */
  readonly settings: () => PullSettings;
  /** Asked above the limit; without a yes the biggest files stay in the sandbox. */
  readonly approve: (pull: BigPull, signal: AbortSignal) => Promise<boolean>;
  /** Told once for all files of a pull. */
  readonly onConflicts: (root: string, conflicts: readonly Conflict[], from: string | undefined) => void;
  /** Called once with all files of a pull that came back only as copies. */
  readonly onCopies: (root: string, copies: readonly ProtectedCopy[]) => void;
}

export interface PullSettings {
  /** As `PullFilter` takes them. */
  readonly patterns: readonly string[];
  /** What comes back without a question. */
  readonly maxBytes: number;
  readonly maxFiles: number;
}

export interface BigPull extends PlanSummary {
  readonly root: string;
  readonly maxBytes: number;
  readonly maxFiles: number;
}

export interface PullSource extends Pick<PullOptions, "root" | "remotePath" | "exec" | "onProgress" | "signal"> {
  readonly sandboxId: string;
  /** Names the run whose files these are, by its GPU: it is in the names of copies. */
  readonly from?: string;
  /** Where they go, relative to the folder; else to their own places in it. */
  readonly into?: string;
}

/** Brings back what runs have made, one pull at a time into each folder. */
export class Puller {
  readonly #options: PullerOptions;
  readonly #queues = new Map<string, SerialQueue>();

  constructor(options: PullerOptions) {
    this.#options = options;
  }

  /** What the sandbox's programs made or changed since the last push. */
  async pullChanges({ sandboxId, from, into, ...source }: PullSource): Promise<PullResult> {
    const { patterns, maxBytes, maxFiles } = this.#options.settings();
    if (patterns.length === 0) return NOTHING;
    const { root, remotePath, signal } = source;
    const { thread, approve, onConflicts, onCopies } = this.#options;
    const since = {
      ...{ key: { sandboxId, remotePath, root }, patterns },
      ...(from !== undefined && { from }),
      ...(into !== undefined && { into }),
    };
    const decide = async (plan: PlanSummary) => {
      const isSmall = plan.bytes <= maxBytes && plan.files <= maxFiles;
      const isAll = isSmall || (await approve({ ...plan, root, maxBytes, maxFiles }, signal));
      return { isOverwriting: false, ...(isAll ? { maxBytes: Number.MAX_SAFE_INTEGER } : { maxBytes, maxFiles }) };
    };

    const result = await this.#queue(root).run(() => pull(thread, { ...source, since, decide }));
    const place = join(root, into ?? "");
    if (result.conflicts.length > 0) onConflicts(place, result.conflicts, from);
    if (result.copies.length > 0) onCopies(place, result.copies);
    return result;
  }

  /** Any file or folder; what is here already is replaced only where `decide` says so. */
  async download(options: Omit<PullOptions, "since">): Promise<PullResult> {
    return this.#queue(options.root).run(() => pull(this.#options.thread, options));
  }

  #queue(root: string): SerialQueue {
    const known = this.#queues.get(root) ?? new SerialQueue();
    this.#queues.set(root, known);
    return known;
  }
}

const NOTHING: PullResult = {
  ...{ files: 0, bytes: 0, conflicts: [], copies: [] },
  ...{ skipped: [], skippedCount: 0, changing: [], leftCount: 0 },
};

/** One line for the user; `undefined` if there is nothing to say. */
export function describePull(result: PullResult, from?: string, into?: string): string | undefined {
  const { files, bytes, conflicts, copies, changing, skippedCount } = result;
  const facts = [
    ...(files > 0
      ? [`Pulled ${plural(files, "file")}, ${formatBytes(bytes)}${into === undefined ? "" : `, into ${into}`}`]
      : []),
    ...(conflicts.length > 0 ? [`${conflictText(conflicts, from)}, both versions kept`] : []),
    ...describeCopies(copies),
    ...describeChanging(changing),
    ...(skippedCount > 0 ? [`${skippedCount} not pulled, see the log`] : []),
  ];
  return facts.length > 0 ? visibleText(facts.join("; ")) : undefined;
}

function describeCopies(copies: readonly ProtectedCopy[]): string[] {
  const [first] = copies;
  if (!first) return [];
  if (copies.length === 1) return [`${first.path} came back only as ${first.copy}, because ${first.reason}`];
  const named = copies.slice(0, 3).map(({ copy }) => copy);
  const more = copies.length > named.length ? " …" : "";
  return [
    `${copies.length} came back only as copies, because tools read such files by themselves (${named.join(", ")}${more})`,
  ];
}

function describeChanging(changing: readonly string[]): string[] {
  const [first] = changing;
  if (first === undefined) return [];
  const subject = changing.length === 1 ? first : `${first} and ${plural(changing.length - 1, "other file")}`;
  const object = changing.length === 1 ? "it was" : "they were";
  return [`${subject} changed while ${object} being pulled, so ${object} left in the sandbox: pull again later`];
}

/** What the log says of a pull, a line each. */
export const pullLog = ({ conflicts, copies, skipped, skippedCount, changing }: PullResult, from?: string): string[] =>
  [
    ...conflicts.map((conflict) => `${conflictText([conflict], from)}: the sandbox's version is ${conflict.copy}`),
    ...copies.map(({ path, copy, reason }) => `${path} came back only as ${copy}, because ${reason}`),
    ...changing.map((path) => `${path} changed while it was being pulled, twice, and was left in the sandbox`),
    ...skipped.map(({ path, reason }) => `${path} ${reason}`),
    ...(skippedCount > skipped.length ? [`and ${skippedCount - skipped.length} more were not pulled`] : []),
  ]
    .slice(-MOST_LINES)
    .map(visibleText);

/** More than this nobody reads. */
const MOST_LINES = 2000;
