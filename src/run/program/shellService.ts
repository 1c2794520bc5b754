import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Disposable } from "../../base/disposable";
import { messageOf } from "../../base/errors";
import { Emitter } from "../../base/event";
import { isObject } from "../../base/guards";
import type { Clock, Logger } from "../../base/ports";
import { RecordFolder } from "../../base/recordFolder";
import { collect, type ExecGateway } from "../../modal/exec";
import { timeLeftMs, type RunningSandbox } from "../../sandboxes/sandbox";
import WRITTEN_BYTES from "./remote/writtenBytes.sh";
import { Shell } from "./shell";
import { logFolder } from "./supervisor";

export interface ShellServiceOptions {
  readonly exec: ExecGateway;
  /** Shared by all windows. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The record of a shell on disk, from which a later window resumes it. */
interface ShellRecord {
  readonly id: string;
  readonly sandboxId: string;
  readonly workdir: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** Longer than any sandbox can live. */
const KEPT_MS = 7 * 24 * 3_600_000;

const LOOK_TIMEOUT_MS = 15_000;

/** The shells of this window. If their sandboxes stay, they outlive the window. */
export class ShellService implements Disposable {
  readonly #options: ShellServiceOptions;
  readonly #records: RecordFolder<ShellRecord>;
  readonly #known = new Set<string>();
  readonly #resumed = new Emitter<Shell>();
  /** Fires for a shell that an earlier window opened and this one resumes. */
  readonly onDidResumeShell = this.#resumed.event;

  constructor(options: ShellServiceOptions) {
    this.#options = options;
    this.#records = new RecordFolder(join(options.folder, "shells"), parseRecord);
  }

  /** Opens a shell, which starts when it is shown. */
  open(sandbox: RunningSandbox, workdir: string): Shell {
    const record = {
      id: randomBytes(6).toString("hex"),
      sandboxId: sandbox.phase.id,
      workdir,
      startedAt: this.#options.clock.now(),
    };
    return this.#add(sandbox, record, undefined);
  }

  /** Resumes the shells that an earlier window opened in a sandbox. */
  async resume(sandbox: RunningSandbox): Promise<void> {
    const now = this.#options.clock.now();
    const records = [...(await this.#records.all()).values()].sort((one, other) => one.startedAt - other.startedAt);
    for (const record of records) {
      if (now - record.startedAt > KEPT_MS) await this.#records.remove(record.id);
      if (record.sandboxId !== sandbox.phase.id || this.#known.has(record.id)) continue;
      const writtenBytes = await this.#look(record);
      if (writtenBytes === undefined) await this.#records.remove(record.id);
      else this.#resumed.fire(this.#add(sandbox, record, writtenBytes));
    }
  }

  dispose(): void {
    this.#resumed.dispose();
  }

  #add(sandbox: RunningSandbox, record: ShellRecord, writtenBytes: number | undefined): Shell {
    const { exec, clock } = this.#options;
    const mayLive = () => (timeLeftMs(sandbox, clock.now()) ?? Infinity) > 0;
    const shell = new Shell({ ...record, exec, gpu: sandbox.gpu, writtenBytes, mayLive });
    this.#known.add(record.id);
    void this.#keep(record, shell);
    return shell;
  }

  async #keep(record: ShellRecord, shell: Shell): Promise<void> {
    try {
      await this.#records.put(record.id, record);
      await shell.finished;
      await this.#records.remove(record.id);
    } catch (error) {
      this.#options.log.warn(`Updating the record of a shell failed: ${messageOf(error)}`);
    }
  }

  async #look({ id, sandboxId }: ShellRecord): Promise<number | undefined> {
    const argv = ["sh", "-c", WRITTEN_BYTES, "sh", logFolder(id)];
    const signal = AbortSignal.timeout(LOOK_TIMEOUT_MS);
    const { stdout } = await collect(await this.#options.exec.exec(sandboxId, argv, { isProbe: true }, signal));
    return stdout === "" ? undefined : Number(stdout);
  }
}

/** Reads a record that an earlier version may have written. Returns `undefined` if it is invalid. */
const parseRecord = (value: unknown): ShellRecord | undefined => (isRecord(value) ? value : undefined);

function isRecord(value: unknown): value is ShellRecord {
  if (!isObject(value)) return false;
  const { id, sandboxId, workdir, startedAt } = value;
  return [id, sandboxId, workdir].every((text) => typeof text === "string") && typeof startedAt === "number";
}
