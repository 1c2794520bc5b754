import type { Logger } from "../../../base/ports";
import type { Isolation } from "../../base/isolation";
import type { GpuHost } from "../../sandbox/gpuHost";
import type { Stores } from "../../stores";
import { connectTokensService } from "./connectTokens";
import { networkAccessService } from "./networkAccess";
import { resourceUsageService } from "./resourceUsage";
import { routerService } from "./router";
import { sandboxCreateService } from "./sandboxCreate";
import { exitSnapshotService, taskDiskService } from "./sandboxDisk";
import { sandboxInfoService } from "./sandboxInfo";
import { sandboxLifecycleService } from "./sandboxLifecycle";
import { sandboxOutputService } from "./sandboxOutput";
import { sidecarsService } from "./sidecars";

interface SandboxServiceOptions {
  readonly isolation: Isolation;
  readonly gpus: GpuHost;
  readonly routerUrl: () => string;
  readonly log: Logger;
}

/** The services of the control plane, and those of the task command router. */
export function sandboxServices(stores: Stores, { isolation, gpus, routerUrl, log }: SandboxServiceOptions) {
  const { sandboxes, apps, credentials, images, secrets } = stores;
  const sidecars = sidecarsService({ ...stores, isolation, log });
  return {
    controlPlane: {
      ...sandboxCreateService({ ...stores, isolation, gpus, routerUrl, log }),
      ...sandboxInfoService(sandboxes, apps),
      ...sandboxLifecycleService({ sandboxes, credentials, routerUrl }),
      ...sandboxOutputService(sandboxes),
      ...exitSnapshotService(sandboxes),
      ...resourceUsageService(sandboxes),
      ...connectTokensService(sandboxes),
      ...sidecars.controlPlane,
    },
    router: {
      ...routerService(sandboxes, secrets),
      ...taskDiskService(sandboxes, images),
      ...networkAccessService(sandboxes),
      ...sidecars.router,
    },
  };
}
