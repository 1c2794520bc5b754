import { lstat, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, messageOf } from "../base/errors";
import { isObject } from "../base/guards";
import type { Logger } from "../base/ports";
import { gpuArgument } from "../modal/gpus";
import { RUN_SUMMARY, SECOND_RUN_SUMMARY } from "../sync/outputFolder";
import { maskSecrets } from "./maskSecrets";
import { ReportedValues } from "./reportedValues";
import type { Run } from "./run";
import type { RunEnd, RunRecord } from "./runRecords";

/** Writes what a run was and how it ended next to its outputs. A failure is logged: the run itself must not suffer. */
export async function keepSummary(run: Run, record: RunRecord, end: RunEnd, log: Logger): Promise<void> {
  if (!run.outputs) return;
  try {
    await writeSummary(run, join(run.outputs.folder, run.outputs.path), record, end);
  } catch (error) {
    log.warn(`Summary of a run: ${messageOf(error)}`);
  }
}

async function writeSummary(run: Run, folder: string, record: RunRecord, end: RunEnd): Promise<void> {
  const { id, group, target, gpu, setIndex, startedAt } = record;
  const values = new ReportedValues();
  for await (const bytes of run.log.read()) values.add({ bytes, stream: "stdout" });
  values.end();
  const summary = {
    ...{ runId: id, groupId: group, ran: target.label, arguments: maskSecrets(target.args ?? []) },
    gpu: gpu ? gpuArgument(gpu) : "CPU",
    ...(setIndex !== undefined && { setIndex }),
    startedAt: new Date(startedAt).toISOString(),
    exitCode: end.exitCode ?? null,
    seconds: (end.endedAt - startedAt) / 1000,
    dollars: end.dollars,
    // JSON has no number for them.
    values: Object.fromEntries(
      [...values.all].map(([name, value]) => [name, Number.isFinite(value) ? value : String(value)]),
    ),
  };
  await mkdir(folder, { recursive: true });
  const path = join(folder, RUN_SUMMARY);
  // The run may have made a file of that name.
  const free = (await isTaken(path, id)) ? join(folder, SECOND_RUN_SUMMARY) : path;
  await writeFile(free, `${JSON.stringify(summary, undefined, 2)}\n`);
}

/** True if the file there is not this run's summary of an earlier attempt. */
async function isTaken(path: string, runId: string): Promise<boolean> {
  try {
    if (!(await lstat(path)).isFile()) return true;
    const there: unknown = JSON.parse(await readFile(path, "utf8"));
    return !isObject(there) || there.runId !== runId;
  } catch (error) {
    return codeOf(error) !== "ENOENT";
  }
}
