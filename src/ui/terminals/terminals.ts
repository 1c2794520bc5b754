import type { DisposableStore } from "../../base/disposable";
import type { Services } from "../../services/services";
import type { ReportError } from "../errorReporter";
import { onTerminalClose } from "../settings";
import { BuildTerminals } from "./buildTerminals";
import { RunTerminals } from "./runTerminals";
import { ShellTerminals } from "./shellTerminals";

/** Creates the terminals of runs, shells and image builds, also for runs and shells that an earlier window started. */
export function createTerminals(
  own: DisposableStore,
  {
    runs,
    shells,
    images,
    isFree,
    clock,
    log,
  }: Pick<Services, "runs" | "shells" | "images" | "isFree" | "clock" | "log">,
  report: ReportError,
) {
  const terminals = own.add(new RunTerminals({ isFree, onTerminalClose, clock, log, report }));
  own.add(
    runs.onDidResumeRun((run) => {
      if (!run.isBackground) terminals.open([run]);
    }),
  );
  const shellTerminals = own.add(new ShellTerminals(shells, log));
  const builds = own.add(new BuildTerminals(images.onDidStartBuild));
  return { terminals, shellTerminals, builds };
}
