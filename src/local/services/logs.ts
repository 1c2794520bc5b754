import { isAbort } from "../../base/errors";
import type { FunctionLogEntry, FunctionLogs } from "../functions/functionLogs";
import { logSource } from "../streams/logBook";
import type { Sandbox } from "../sandbox/sandbox";
import type { SandboxStore } from "../sandbox/sandboxStore";
import { invalidArgument } from "../protocol/errors";
import type { ControlPlane, Request } from "../protocol/messages";
import { timeLimit } from "../base/timeLimit";

/** One line with its source. */
interface Line {
  readonly at: number;
  readonly source: number;
  readonly text: string;
  readonly from: Partial<Record<"taskId" | "sandboxId" | "functionId" | "functionCallId" | "inputId", string>>;
}

type Filter = Pick<
  Request<"appFetchLogs">,
  "appId" | "sandboxId" | "taskId" | "functionId" | "functionCallId" | "source" | "searchText" | "since" | "until"
>;

const MAX_ENTRIES = 20_000;

/** The output of sandboxes' commands and of functions, also after their end. */
export const logsService = (sandboxes: SandboxStore, functionLogs: FunctionLogs): ControlPlane => ({
  async appFetchLogs(request) {
    if (request.limit > MAX_ENTRIES) throw invalidArgument(`A fetch returns at most ${MAX_ENTRIES} entries.`);
    const entries = find(sandboxes, functionLogs, request);
    // `slice(-0)` would return all of them.
    const newest = entries.slice(Math.max(0, entries.length - (request.limit || MAX_ENTRIES)));
    return Promise.resolve({ batches: request.limit === 0 ? [] : newest.map(batch) });
  },

  async *appGetLogs(request, { signal }) {
    // Without a starting entry, the log of a function call starts at the beginning, and all others start now.
    let last =
      request.lastEntryId === "" && request.functionCallId === "" ? functionLogs.sequence : Number(request.lastEntryId);
    const limit = timeLimit(request.timeout, signal);
    try {
      for (;;) {
        const { sequence } = functionLogs;
        for (const entry of functionLogs.entries)
          if (entry.sequence > last && isAbout(entry, request)) {
            last = entry.sequence;
            yield { ...batch(functionLine(entry)), entryId: String(last) };
          }
        if (functionLogs.sequence === sequence) await functionLogs.whenPrinted(limit.signal);
      }
    } catch (error) {
      if (!isAbort(error) || signal.aborted) throw error;
    } finally {
      limit.dispose();
    }
  },

  async appCountLogs(request) {
    const { bucketSecs } = request;
    if (bucketSecs < 1) throw invalidArgument("A bucket lasts at least one second.");
    const buckets = new Map<number, Line[]>();
    for (const line of find(sandboxes, functionLogs, request)) {
      const start = Math.floor(line.at / 1000 / bucketSecs) * bucketSecs;
      const bucket = buckets.get(start) ?? [];
      bucket.push(line);
      buckets.set(start, bucket);
    }
    const count = (lines: readonly Line[], wanted: number) => lines.filter(({ source }) => source === wanted).length;
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

/** Sorted by time. */
function find(sandboxes: SandboxStore, functionLogs: FunctionLogs, filter: Filter): readonly Line[] {
  const since = filter.since?.getTime() ?? 0;
  const until = filter.until?.getTime() ?? Infinity;
  const isOfFunctions = filter.functionId !== "" || filter.functionCallId !== "";
  const isOfSandbox = filter.sandboxId !== "" || filter.taskId !== "";
  return [
    ...(isOfFunctions ? [] : sandboxesOf(sandboxes, filter).flatMap(linesOf)),
    ...(isOfSandbox ? [] : functionLogs.entries.filter((entry) => isAbout(entry, filter)).map(functionLine)),
  ]
    .filter(
      ({ at, source, text }) =>
        at >= since &&
        at < until &&
        (filter.source === 0 || source === filter.source) &&
        text.includes(filter.searchText),
    )
    .sort((a, b) => a.at - b.at);
}

function sandboxesOf(sandboxes: SandboxStore, { appId, sandboxId, taskId }: Filter): readonly Sandbox[] {
  if (sandboxId) return [sandboxes.get(sandboxId)];
  if (taskId) return [sandboxes.byTask(taskId)];
  const filter = { appIds: new Set([appId]), before: undefined, includeFinished: true, tags: new Map() };
  return sandboxes.list(filter, Number.MAX_SAFE_INTEGER);
}

const linesOf = ({ id, taskId, logs }: Sandbox): readonly Line[] =>
  logs.entries.map((entry) => ({ ...entry, from: { taskId, sandboxId: id } }));

const isAbout = (
  { call }: FunctionLogEntry,
  filter: Pick<Filter, "appId" | "functionId" | "functionCallId">,
): boolean =>
  call.appId === filter.appId &&
  (filter.functionId === "" || call.functionId === filter.functionId) &&
  (filter.functionCallId === "" || call.id === filter.functionCallId);

/** A function's outputs are merged, so both count as stdout. */
const functionLine = ({ at, text, call }: FunctionLogEntry): Line => ({
  at,
  source: logSource.stdout,
  text,
  from: { functionId: call.functionId, functionCallId: call.id, inputId: call.inputId },
});

const batch = ({ at, source, text, from: { functionCallId, ...ids } }: Line) => ({
  ...ids,
  items: [
    {
      data: text,
      fileDescriptor: source,
      timestamp: at / 1000,
      timestampNs: `${at}000000`,
      functionCallId: functionCallId ?? "",
    },
  ],
});
