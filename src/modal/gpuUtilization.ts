import { collect, type ExecGateway } from "./exec";

const TIMEOUT_MS = 20_000;

const COMMAND = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"];

/** How busy the busiest GPU of a sandbox is, in percent; `undefined` where it has no tool to say so. */
export async function gpuUtilization(exec: ExecGateway, sandboxId: string): Promise<number | undefined> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const { stdout, exitCode } = await collect(await exec.exec(sandboxId, COMMAND, { isProbe: true }, signal));
    const percents = stdout.trim().split(/\s+/).map(Number);
    return exitCode === 0 && percents.every(Number.isFinite) ? Math.max(...percents) : undefined;
  } catch {
    return undefined;
  }
}
