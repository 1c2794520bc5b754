import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { workspace, type ExtensionContext } from "vscode";
import type { SessionService } from "../auth/session";
import type { Logger } from "../base/ports";
import type { ServicesOptions } from "../services/services";
import { approveAboveLimit } from "./costs/limitQuestions";
import type { ReportError } from "./errorReporter";
import {
  appName,
  environmentName,
  keepsExitSnapshots,
  machineWaitMs,
  pullSettings,
  runsConcurrently,
  runsFolder,
  sharesOutputs,
  spendingLimits,
  syncCompression,
} from "./settings";
import { approvePull, offerConflicts, offerCopies } from "./sync/pullQuestions";
import { approvePush } from "./sync/pushQuestions";

/** Gives the services their folders on disk, the settings, and ways to ask the user. */
export function serviceOptions(
  context: ExtensionContext,
  session: SessionService,
  log: Logger,
  report: ReportError,
): ServicesOptions {
  const storageFolder = context.globalStorageUri.fsPath;
  return {
    session,
    localBackendProgram: {
      program: context.asAbsolutePath("dist/local.js"),
      stateDir: join(storageFolder, "local"),
      env: process.env,
    },
    proxyVariables: process.env,
    connectionSettings: () => ({ appName: appName(), environment: environmentName() }),

    storageFolder,
    hostName: hostname(),
    localId: randomUUID(),
    secretStore: context.secrets,
    workspaceState: context.workspaceState,
    folders: () => (workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath),
    spendingLimits,
    approveAboveLimit,
    keepsExitSnapshots,
    createDeadlineMs: machineWaitMs,

    workerFile: context.asAbsolutePath("dist/syncWorker.mjs"),
    baselineFolder: join(storageFolder, "baselines"),
    compression: syncCompression,
    approvePush,
    pullSettings,
    approvePull,
    onConflicts: (root, conflicts, from) => {
      offerConflicts(root, conflicts, from).catch(report);
    },
    onCopies: (root, copies) => {
      offerCopies(root, copies).catch(report);
    },

    offerOther: async (spec, rates) => (await import("./commands/later")).laterOffer(spec, rates),
    runsConcurrently,
    runsFolder,
    sharesOutputs,
    clock: { now: () => Date.now() },
    log,
  };
}
