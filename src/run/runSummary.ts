import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, messageOf } from "../base/errors";
import type { Logger } from "../base/ports";
import { gpuArgument } from "../modal/gpus";
import { isSummaryOf, RUN_SUMMARY, SECOND_RUN_SUMMARY } from "../sync/rules/outputFolder";
import { maskSecrets } from "./output/maskSecrets";
import { ReportedValues } from "./output/reportedValues";
import type { Run } from "./run";
import type { RunEnd, RunRecord } from "./runRecords";

/**
 * Writes a summary of the run and its result next to its outputs. A failure is logged, because the run itself must not
 * fail.
 */
export async function keepSummary(run: Run, record: RunRecord, end: RunEnd, log: Logger): Promise<void> {
  if (!run.outputs) return;
  try {
    await writeSummary(run, join(run.outputs.folder, run.outputs.path), record, end);
  } catch (error) {
    log.warn(`Writing the summary of a run failed: ${messageOf(error)}`);
  }
}

async function writeSummary(run: Run, folder: string, record: RunRecord, end: RunEnd): Promise<void> {
  const { id, group, target, gpu, setIndex, startedAt } = record;
  const values = new ReportedValues();
  for await (const bytes of run.log.read()) values.add({ bytes, stream: "stdout" });
  values.end();
  const summary = {
    runId: id,
    groupId: group,
    ran: target.label,
    arguments: maskSecrets(target.args ?? []),
    gpu: gpu ? gpuArgument(gpu) : "CPU",
    ...(setIndex !== undefined && { setIndex }),
    startedAt: new Date(startedAt).toISOString(),
    exitCode: end.exitCode ?? null,
    seconds: (end.endedAt - startedAt) / 1000,
    // An estimate is not exact to more than a millionth of a dollar.
    dollars: Number(end.dollars.toFixed(6)),
    // JSON has no representation of these numbers.
    values: Object.fromEntries(
      [...values.all].map(([name, value]) => [name, Number.isFinite(value) ? value : String(value)]),
    ),
  };
  await mkdir(folder, { recursive: true });
  const text = `${JSON.stringify(summary, undefined, 2)}\n`;
  // The run may have created files with these names.
  for (const name of [RUN_SUMMARY, SECOND_RUN_SUMMARY]) if (await writeOwn(join(folder, name), id, text)) return;
  throw new Error(`the run created its own ${RUN_SUMMARY} and ${SECOND_RUN_SUMMARY}`);
}

/** Returns false if the file exists and isn't an earlier summary of this run. */
async function writeOwn(path: string, runId: string, text: string): Promise<boolean> {
  if (isSummaryOf(path, runId)) await rm(path);
  try {
    await writeFile(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}
