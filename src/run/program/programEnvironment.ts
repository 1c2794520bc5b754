import { posix } from "node:path";
import { gpuArgument } from "../../modal/gpus";
import { OUTPUT_FOLDER } from "../../sync/rules/outputFolder";
import type { OutputSink, Run } from "../run";
import WITH_OUTPUT_FOLDER from "./remote/withOutputFolder.sh";

/** The program's output isn't a terminal, so variables describe the terminal that shows it. */
export const programEnvironment = (size: OutputSink["size"]): Record<string, string> => ({
  TERM: "xterm-256color",
  COLORTERM: "truecolor",
  FORCE_COLOR: "1",
  CLICOLOR_FORCE: "1",
  PYTHONUNBUFFERED: "1",
  COLUMNS: String(size.columns),
  LINES: String(size.rows),
});

/** Returns the variables that identify the run to its program. */
export const runEnvironment = ({ id, group, gpu, setIndex }: Run): Record<string, string> => ({
  MODAL_SANDBOXES_RUN_ID: id,
  MODAL_SANDBOXES_GROUP_ID: group,
  MODAL_SANDBOXES_GPU: gpu ? gpuArgument(gpu) : "CPU",
  ...(setIndex !== undefined && { MODAL_SANDBOXES_SET_INDEX: String(setIndex) }),
});

/** Creates the folder for outputs and passes its path to the program. */
export const withOutputFolder = (argv: readonly string[], remotePath: string): string[] => [
  ...["sh", "-c", WITH_OUTPUT_FOLDER, "sh", posix.join(remotePath, OUTPUT_FOLDER)],
  ...argv,
];
