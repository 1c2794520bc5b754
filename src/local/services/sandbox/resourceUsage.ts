import type { SandboxStore } from "../../sandbox/sandboxStore";
import { unimplemented } from "../../protocol/errors";
import type { ControlPlane } from "../../protocol/messages";

export const resourceUsageService = (sandboxes: SandboxStore): ControlPlane => ({
  async sandboxGetResourceUsage({ sandboxId }) {
    const { meter, spec, startedAt, finishedAt } = sandboxes.get(sandboxId);
    if (startedAt === undefined) return Promise.resolve({ cpuCoreNanosecs: 0, memGibNanosecs: 0, gpuNanosecs: 0 });
    if (!meter)
      throw unimplemented("SandboxGetResourceUsage: without isolation, a sandbox's processes cannot be identified.");
    if (finishedAt === undefined) meter.sample();
    const { cpuNanoseconds, memoryGibNanoseconds } = meter.usage;
    const seconds = (finishedAt ?? Date.now() / 1000) - startedAt;
    return Promise.resolve({
      cpuCoreNanosecs: cpuNanoseconds,
      memGibNanosecs: memoryGibNanoseconds,
      gpuNanosecs: Math.round((spec.gpu?.count ?? 0) * seconds * 1e9),
      gpuType: spec.gpu?.type,
    });
  },
});
