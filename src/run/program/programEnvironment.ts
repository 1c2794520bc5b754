import { posix } from "node:path";
import { gpuArgument } from "../../modal/gpus";
import { OUTPUT_FOLDER } from "../../sync/rules/outputFolder";
import type { OutputSink, Run } from "../run";
import WITH_OUTPUT_FOLDER from "./remote/withOutputFolder.sh";

/** There is no terminal at the other end, so the program is told what it would have found out from one. */
export const programEnvironment = (size: OutputSink["size"]): Record<string, string> => ({
  TERM: "xterm-256color",
  COLORTERM: "truecolor",
  FORCE_COLOR: "1",
  CLICOLOR_FORCE: "1",
  PYTHONUNBUFFERED: "1",
  COLUMNS: String(size.columns),
  LINES: String(size.rows),
});

/** Tells a program which run it is. */
export const runEnvironment = ({ id, group, gpu, setIndex }: Run): Record<string, string> => ({
  MODAL_SANDBOXES_RUN_ID: id,
  MODAL_SANDBOXES_GROUP_ID: group,
  MODAL_SANDBOXES_GPU: gpu ? gpuArgument(gpu) : "CPU",
  ...(setIndex !== undefined && { MODAL_SANDBOXES_SET_INDEX: String(setIndex) }),
});

/** Makes the folder for outputs and names it to the program. */
export const withOutputFolder = (argv: readonly string[], remotePath: string): string[] => [
  ...["sh", "-c", WITH_OUTPUT_FOLDER, "sh", posix.join(remotePath, OUTPUT_FOLDER)],
  ...argv,
];
