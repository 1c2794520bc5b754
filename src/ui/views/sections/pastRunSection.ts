import { basename } from "node:path";
import { formatDollars, formatDuration, formatUptime } from "../../../base/format";
import type { Clock } from "../../../base/ports";
import { formatGpu } from "../../../modal/gpus";
import type { RunRecord, RunRecords } from "../../../run/runRecords";
import { outcomeOf, outcomeText, type ProgramEnd } from "../../../run/runOutcome";
import { outcomeIcons } from "../rows/runRow";
import { joined, type Detail, type Row } from "../rows/row";
import type { Section } from "./section";

/** The finished runs of this window and of earlier ones, newest first. */
export const pastRunSection = (records: RunRecords, clock: Clock): Section<RunRecord> => ({
  view: "modalSandboxes.runs",
  listedKey: "modalSandboxes.runsListed",
  load: async () => (await records.past()).reverse(),
  onDidChange: records.onDidChangePast,
  idOf: ({ id }) => id,
  rowOf: (record) => pastRunRow(record, clock.now()),
  detailsOf: pastRunDetails,
});

function pastRunRow(record: RunRecord, now: number): Row {
  const { target, gpu, startedAt, end } = record;
  const programEnd = programEndOf(record);
  const outcome = describeEnd(record);
  const duration = end && formatDuration(end.endedAt - startedAt);
  const cost = end && formatDollars(end.dollars);
  const description = joined(outcome, formatGpu(gpu), duration, cost, `${formatUptime(now - startedAt)} ago`);
  return {
    label: target.label,
    description,
    icon: outcomeIcons[programEnd ? outcomeOf(programEnd) : "failed"],
    contextValue: "pastRun",
    spoken: `Run of ${target.label}, ${description.replaceAll(" · ", ", ")}`,
  };
}

function pastRunDetails(record: RunRecord): Detail[] {
  const { target, gpu, folder, startedAt, end, sandboxId } = record;
  return [
    {
      name: "Command",
      value: [...target.argv, ...(target.file ? [fileName(target.file)] : []), ...(target.args ?? [])].join(" "),
    },
    { name: "On", value: formatGpu(gpu) },
    { name: "Ended with", value: describeEnd(record) },
    { name: "Started", value: new Date(startedAt).toISOString().slice(0, 16).replace("T", " ") },
    ...(end ? [{ name: "Took", value: formatDuration(end.endedAt - startedAt) }] : []),
    ...(end ? [{ name: "Cost", value: formatDollars(end.dollars) }] : []),
    ...(folder === undefined ? [] : [{ name: "Folder", value: basename(folder) }]),
    { name: "Sandbox", value: sandboxId },
  ];
}

const programEndOf = ({ end }: RunRecord): ProgramEnd | undefined =>
  end?.exitCode === undefined ? undefined : { ...end, exitCode: end.exitCode };

const describeEnd = (record: RunRecord): string => {
  const end = programEndOf(record);
  return end ? outcomeText(end) : "lost";
};

const fileName = (file: NonNullable<RunRecord["target"]["file"]>) => (file.kind === "loose" ? file.name : file.path);
