import { join } from "node:path";

import { SerialQueue } from "../../base/async";
import { formatBytes, plural } from "../../base/format";
import { visibleText } from "../../base/inertText";
import { conflictText } from "./conflictText";
import { pull, type PullOptions, type PullResult } from "./pull";
import type { Conflict, PlanSummary, ProtectedCopy } from "./pullMessages";
import type { SyncThread } from "../worker/syncThread";

export interface PullerOptions {
  /** The thread of the pushes, which knows the content of both sides. */
  readonly thread: SyncThread;
  /** Called for each pull. */
  readonly settings: () => PullSettings;
  /** Called if the limit is exceeded; if it returns false, the biggest files stay in the sandbox. */
  readonly approve: (pull: BigPull, signal: AbortSignal) => Promise<boolean>;
  /** Called once for all conflicts of a pull. */
  readonly onConflicts: (root: string, conflicts: readonly Conflict[], from: string | undefined) => void;
  /** Called once for all files that were pulled only as copies. */
  readonly onCopies: (root: string, copies: readonly ProtectedCopy[]) => void;
}

export interface PullSettings {
  /** The patterns for `PullFilter`. */
  readonly patterns: readonly string[];
  /** The most bytes to pull without asking. */
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
  /** The name of the run whose files these are, its GPU, which appears in the names of copies. */
  readonly from?: string;
  /** The folder to pull into, relative to the local folder; without it, files are pulled to their own places. */
  readonly into?: string;
}

/** Pulls what runs have made, one pull at a time for each folder. */
export class Puller {
  readonly #options: PullerOptions;
  readonly #queues = new Map<string, SerialQueue>();

  constructor(options: PullerOptions) {
    this.#options = options;
  }

  /** Pulls what the sandbox's programs made or changed since the last push. */
  async pullChanges({ sandboxId, from, into, ...source }: PullSource): Promise<PullResult> {
    const { patterns, maxBytes, maxFiles } = this.#options.settings();
    if (patterns.length === 0) return NOTHING;
    const { root, remotePath, signal } = source;
    const { thread, approve, onConflicts, onCopies } = this.#options;
    const since = {
      key: { sandboxId, remotePath, root },
      patterns,
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

  /** Pulls any file or folder. Existing files are replaced only if `decide` says so. */
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
  files: 0,
  bytes: 0,
  conflicts: [],
  copies: [],
  skipped: [],
  skippedCount: 0,
  changing: [],
  leftCount: 0,
};

/** Returns one line for the user; `undefined` if there is nothing to say. */
export function describePull(result: PullResult, from?: string, into?: string): string | undefined {
  const { files, bytes, conflicts, copies, changing, skippedCount } = result;
  const facts = [
    ...(files > 0
      ? [`Pulled ${plural(files, "file")}, ${formatBytes(bytes)}${into === undefined ? "" : `, into ${into}`}`]
      : []),
    ...(conflicts.length > 0 ? [`${conflictText(conflicts, from)} (both versions kept)`] : []),
    ...describeCopies(copies),
    ...describeChanging(changing),
    ...(skippedCount > 0 ? [`${skippedCount} not pulled (see the log)`] : []),
  ];
  return facts.length > 0 ? visibleText(facts.join("; ")) : undefined;
}

function describeCopies(copies: readonly ProtectedCopy[]): string[] {
  const [first] = copies;
  if (!first) return [];
  if (copies.length === 1) return [`${first.path} was pulled only as ${first.copy}, because ${first.reason}`];
  const named = copies.slice(0, 3).map(({ copy }) => copy);
  const more = copies.length > named.length ? " …" : "";
  return [
    `${copies.length} files were pulled only as copies, because tools read such files automatically (${named.join(", ")}${more})`,
  ];
}

function describeChanging(changing: readonly string[]): string[] {
  const [first] = changing;
  if (first === undefined) return [];
  const subject = changing.length === 1 ? first : `${first} and ${plural(changing.length - 1, "other file")}`;
  const object = changing.length === 1 ? "it was" : "they were";
  return [`${subject} changed while ${object} being pulled, so ${object} left in the sandbox (pull again later)`];
}

/** Returns the pull's log lines. */
export const pullLog = ({ conflicts, copies, skipped, skippedCount, changing }: PullResult, from?: string): string[] =>
  [
    ...conflicts.map((conflict) => `${conflictText([conflict], from)}: the sandbox's version is ${conflict.copy}`),
    ...copies.map(({ path, copy, reason }) => `${path} was pulled only as ${copy}, because ${reason}`),
    ...changing.map((path) => `${path} changed twice while it was being pulled, so it was left in the sandbox`),
    ...skipped.map(({ path, reason }) => `${path} ${reason}`),
    ...(skippedCount > skipped.length ? [`and ${skippedCount - skipped.length} more were not pulled`] : []),
  ]
    .slice(-MOST_LINES)
    .map(visibleText);

/** Nobody reads more than this. */
const MOST_LINES = 2000;
