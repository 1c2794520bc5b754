import { basename } from "node:path";
import { UserError } from "../../base/errors";
import type { Memento } from "../../base/ports";
import type { RateSource } from "../../modal/rates";
import type { RunRecord, RunRecords } from "../../run/runRecords";
import type { GivenSandbox, RunRequest } from "../../run/runRequest";
import type { RunService } from "../../run/runService";
import type { RunTarget } from "../../run/target/target";
import type { RunningSandbox } from "../../sandboxes/sandbox";
import type { Choice } from "../pickers/gpuItems";
import { pickChoices } from "../pickers/gpuPicker";
import { remotePath } from "../settings";
import type { RunTerminals } from "../terminals/runTerminals";
import { rememberChoices, rememberedChoices, specsOf } from "./chosenGpus";
import type { SyncFolder } from "../pickers/folders";

/** Something to run, before the user has chosen where. */
export interface Runnable {
  /** Its name for the user: `train.py`. */
  readonly label: string;
  /** The folder that contains it; `undefined` for a loose file. */
  readonly folder: SyncFolder | undefined;
  /** Saves the editors and returns the current target. */
  readonly target: () => Promise<RunTarget>;
}

interface Started {
  readonly runnable: Runnable;
  readonly choices: readonly Choice[];
  /** A running sandbox to use instead of `choices`. */
  readonly sandbox?: GivenSandbox;
  /** True if no terminal opens. */
  readonly isBackground: boolean;
}

export interface RunStarterOptions {
  readonly runs: RunService;
  readonly terminals: RunTerminals;
  readonly records: RunRecords;
  readonly state: Memento;
  readonly rates: RateSource;
}

/** Asks where to run things, starts the runs, and repeats them. */
export class RunStarter {
  readonly #options: RunStarterOptions;
  #last: Started | undefined;
  readonly #byRun = new Map<string, Started>();

  constructor(options: RunStarterOptions) {
    this.#options = options;
  }

  /** Asks where to run it, and runs it there. */
  async run(runnable: Runnable, { isBackground = false } = {}): Promise<void> {
    const { state, rates } = this.#options;
    const choices = await pickChoices(`Run ${runnable.label}`, rememberedChoices(state), rates);
    if (!choices || choices.length === 0) return;
    await rememberChoices(state, choices);
    await this.#start({ runnable, choices, isBackground });
  }

  /** Runs it in a running sandbox. */
  async runIn({ gpu, phase }: RunningSandbox, runnable: Runnable): Promise<void> {
    await this.#start({ runnable, choices: [], sandbox: { gpu, sandboxId: phase.id }, isBackground: false });
  }

  /** Repeats a run, or the last runs that were started together. */
  async again(runId?: string): Promise<void> {
    const started = runId === undefined ? this.#last : this.#byRun.get(runId);
    if (started) {
      await this.#start(started);
      return;
    }
    // The run may belong to a task or to an earlier window.
    const record = (await this.#options.records.past()).find(({ id }) => id === runId);
    if (!record) throw runId === undefined ? nothingRun() : neverRan();
    await this.repeat(record);
  }

  /** Repeats a finished run. */
  async repeat(record: RunRecord): Promise<void> {
    const { target, folder, remotePath, gpu, place, isBackground } = record;
    const runnable = {
      label: target.label,
      folder: folder === undefined ? undefined : { path: folder, name: basename(folder), remotePath },
      target: () => this.#options.records.targetOf(record),
    };
    if (place?.kind === "sandbox") await this.#start({ runnable, choices: [], sandbox: record, isBackground });
    else await this.#start({ runnable, choices: [place ? { gpu, spec: place.name } : { gpu }], isBackground });
  }

  async #start(started: Started): Promise<void> {
    const { runs, terminals } = this.#options;
    const { runnable, choices, sandbox, isBackground } = started;
    const request = { ...(await requestFor(runnable, choices)), isBackground };
    const launched = sandbox ? [runs.startIn(sandbox, request)] : runs.start(request);
    this.#last = started;
    for (const [index, { id }] of launched.entries())
      this.#byRun.set(id, { ...started, choices: choices.slice(index, index + 1) });
    if (!isBackground) terminals.open(launched);
  }
}

export async function requestFor({ target, folder }: Runnable, choices: readonly Choice[]): Promise<RunRequest> {
  return {
    target: await target(),
    folder: folder?.path,
    remotePath: folder?.remotePath ?? remotePath(),
    specs: await specsOf(choices, folder?.path),
  };
}

const nothingRun = () =>
  new UserError("Nothing has run in this window yet.", {
    actions: [{ title: "Run Current File on GPU…", command: "modalSandboxes.runFile" }],
  });

const neverRan = () =>
  new UserError("This run cannot be repeated, because its program never started. Run the file again instead.");
