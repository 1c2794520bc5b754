import { logSource, type LogEntry } from "../model/logBook";
import type { Sandbox } from "../model/sandbox";
import type { SandboxStore } from "../model/sandboxStore";
import { invalidArgument, unimplemented } from "../protocol/errors";
import type { ControlPlane, Request } from "../protocol/messages";

interface TaskEntry {
  readonly sandbox: Sandbox;
  readonly entry: LogEntry;
}

type Filter = Pick<
  Request<"appFetchLogs">,
  "appId" | "sandboxId" | "taskId" | "functionId" | "functionCallId" | "source" | "searchText" | "since" | "until"
>;

const MAX_ENTRIES = 20_000;

/** What commands of sandboxes have printed, after their end too. */
export const logsService = (sandboxes: SandboxStore): ControlPlane => ({
  async appFetchLogs(request) {
    if (request.limit > MAX_ENTRIES) throw invalidArgument(`A fetch gives up to ${MAX_ENTRIES} entries.`);
    const entries = find(sandboxes, request);
    // `slice(-0)` would be all of them.
    const newest = entries.slice(Math.max(0, entries.length - (request.limit || MAX_ENTRIES)));
    return Promise.resolve({ batches: request.limit === 0 ? [] : newest.map(batch) });
  },

  async appCountLogs(request) {
    const { bucketSecs } = request;
    if (bucketSecs < 1) throw invalidArgument("A bucket takes at least a second.");
    const buckets = new Map<number, LogEntry[]>();
    for (const { entry } of find(sandboxes, request)) {
      const start = Math.floor(entry.at / 1000 / bucketSecs) * bucketSecs;
      const bucket = buckets.get(start) ?? [];
      bucket.push(entry);
      buckets.set(start, bucket);
    }
    const count = (entries: readonly LogEntry[], wanted: number) =>
      entries.filter(({ source }) => source === wanted).length;
    return Promise.resolve({
      appId: request.appId,
      buckets: [...buckets].map(([start, entries]) => ({
        bucketStartAt: new Date(start * 1000),
        stdoutLogs: count(entries, logSource.stdout),
        stderrLogs: count(entries, logSource.stderr),
        systemLogs: count(entries, logSource.system),
      })),
    });
  },
});

/** In the order of their times. */
function find(sandboxes: SandboxStore, filter: Filter): readonly TaskEntry[] {
  if (filter.functionId || filter.functionCallId)
    throw unimplemented("The local backend keeps no logs of functions: what they print is lost.");
  const since = filter.since?.getTime() ?? 0;
  const until = filter.until?.getTime() ?? Infinity;
  return sandboxesOf(sandboxes, filter)
    .flatMap((sandbox) => sandbox.logs.entries.map((entry) => ({ sandbox, entry })))
    .filter(
      ({ entry }) =>
        entry.at >= since &&
        entry.at < until &&
        (filter.source === 0 || entry.source === filter.source) &&
        entry.text.includes(filter.searchText),
    )
    .sort((a, b) => a.entry.at - b.entry.at);
}

function sandboxesOf(sandboxes: SandboxStore, { appId, sandboxId, taskId }: Filter): readonly Sandbox[] {
  if (sandboxId) return [sandboxes.get(sandboxId)];
  if (taskId) return [sandboxes.byTask(taskId)];
  const filter = { appIds: new Set([appId]), before: undefined, includeFinished: true, tags: new Map() };
  return sandboxes.list(filter, Number.MAX_SAFE_INTEGER);
}

const batch = ({ sandbox, entry }: TaskEntry) => ({
  taskId: sandbox.taskId,
  sandboxId: sandbox.id,
  items: [
    {
      data: entry.text,
      fileDescriptor: entry.source,
      timestamp: entry.at / 1000,
      timestampNs: `${entry.at}000000`,
    },
  ],
});
