import { UserError } from "../../base/errors";
import { plural } from "../../base/format";
import type { SecretStore } from "../../base/ports";
import type { Run } from "../../run/run";
import type { RunService } from "../../run/runService";
import type { Sweep } from "../../run/sweep/sweep";
import { sweepMemory } from "../../run/sweep/sweepMemory";
import type { SweepPlan } from "../../run/sweep/sweepRecords";
import { SweepService, type InterruptedSweep, type SweepServiceOptions } from "../../run/sweep/sweepService";
import type { SyncThread } from "../../sync/worker/syncThread";
import type { Comparisons } from "../comparison/comparisons";
import { showInformation } from "../outsideText";
import { nameOf } from "../pickers/gpuItems";
import { askSweep } from "../pickers/sweepSteps";
import { withProgress } from "../progress";
import { specsOf } from "./chosenGpus";
import type { CommandTable } from "../commands/register";
import { documentToRun, runnableFile } from "./runnableFile";
import { requestFor } from "./runStarter";

export interface SweepDependencies extends Omit<SweepServiceOptions, "runs"> {
  readonly runs: RunService;
  readonly thread: SyncThread;
  readonly secretStore: SecretStore;
  readonly comparisons: () => Promise<Comparisons>;
}

export function sweepCommands(dependencies: SweepDependencies): CommandTable {
  const { thread, rates, secretStore } = dependencies;
  const service = new SweepService(dependencies);
  const memory = sweepMemory(secretStore);
  const follow = async (plan: SweepPlan, start: () => Promise<Sweep<Run>>) => {
    const comparisons = await dependencies.comparisons();
    const sweep = await start();
    comparisons.addSweep(sweep, plan);
    await sweep.finished;
  };

  const offer = async ({ record, waiting }: InterruptedSweep) => {
    const answer = waiting === 0 ? DISCARD : await showInformation(questionOf(record, waiting), CONTINUE, DISCARD);
    const isStillLeft = (await service.interrupted()).some(({ record: { id } }) => id === record.id);
    if (answer === undefined || !isStillLeft) return;
    // Discarding a sweep works even if its named spec no longer exists.
    const choice = answer === DISCARD ? { gpu: record.gpu } : record;
    const [spec] = await specsOf([choice], record.folder);
    if (!spec) return;
    if (answer === DISCARD) {
      await service.discard(record, spec, AbortSignal.timeout(WIND_DOWN_MS));
      return;
    }
    await follow(record, () =>
      withProgress(`Continuing the sweep of ${record.target.label}`, (_report, signal) =>
        service.resume(record, spec, signal),
      ),
    );
  };

  const sweepFile = async (uri?: unknown) => {
    const document = await documentToRun(uri);
    const runnable = await runnableFile(document, thread);
    if (!runnable) return;
    const file = document.uri.toString();
    const wish = await askSweep(`Sweep ${runnable.label}`, (await memory.of(file)) ?? [], rates);
    if (!wish) return;
    const { sets, choice, ...limits } = wish;
    await memory.remember(file, sets);

    const { specs, target, folder, remotePath } = await requestFor(runnable, [choice]);
    const [spec] = specs;
    if (!spec) return;
    const plan = { target, folder, remotePath, ...choice, limits };
    await follow(plan, () => Promise.resolve(service.start(plan, spec, sets)));
  };

  return {
    "modalSandboxes.sweepFile": sweepFile,
    "modalSandboxes.sweepExplorerFile": sweepFile,

    /** @param isAsked true if the user requested it, and should be told if there is nothing to continue */
    "modalSandboxes.continueSweep": async (isAsked = true) => {
      if (!isAsked) {
        await service.takeOver(offer, dependencies.closing);
        return;
      }
      const interrupted = await service.interrupted();
      await Promise.all(interrupted.map(offer));
      if (interrupted.every(({ waiting }) => waiting === 0)) throw nothingInterrupted();
    },
  };
}

const CONTINUE = "Continue";
const DISCARD = "Discard";

/** Limits the search for the sandboxes. Their programs may take as long as they need. */
const WIND_DOWN_MS = 60_000;

function questionOf({ target, sets, limits, ...choice }: InterruptedSweep["record"], waiting: number): string {
  const rest = `${waiting} of ${plural(sets.length, "argument set")} ${waiting === 1 ? "has" : "have"} not run`;
  const sandboxes = plural(Math.min(limits.parallel, waiting), "sandbox", "sandboxes");
  return `The sweep of ${target.label} was interrupted: ${rest}. Continue on up to ${sandboxes} (${nameOf(choice)})?`;
}

const nothingInterrupted = () =>
  new UserError("No sweep of this folder was interrupted, so there is nothing to continue.");
