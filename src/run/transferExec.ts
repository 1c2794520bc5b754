import { collectOutput, type ExecGateway } from "../modal/exec";
import type { Exec } from "../sync/remoteProcess";

/** Starts processes in a sandbox for a push, which needs no more of one than this. */
export const transferExec =
  (gateway: ExecGateway, sandboxId: string, signal: AbortSignal): Exec =>
  async (argv) => {
    const process = await gateway.exec(sandboxId, argv, {}, signal);
    const input = process.streamInput();
    return {
      write: (bytes) => input.write(bytes),
      closeInput: () => input.closeInput(),
      output: collectOutput(process),
      exitCode: process.exitCode,
    };
  };
