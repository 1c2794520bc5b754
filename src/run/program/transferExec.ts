import { collectOutput, type ExecGateway } from "../../modal/exec";
import type { Exec } from "../../sync/remote/remoteProcess";

/** The size of the listing of a folder with a million files. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/** Starts processes in a sandbox for a push, with only the features that a push needs. */
export const transferExec =
  (gateway: ExecGateway, sandboxId: string, signal: AbortSignal): Exec =>
  async (argv) => {
    const process = await gateway.exec(sandboxId, argv, {}, signal);
    const input = process.streamInput();
    return {
      write: (bytes) => input.write(bytes),
      closeInput: () => input.closeInput(),
      output: collectOutput(process, MAX_OUTPUT_BYTES),
      exitCode: process.exitCode,
    };
  };
