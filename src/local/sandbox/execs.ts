import type { IsolatedRoot, SpawnOptions } from "../base/isolation";
import type { Activity } from "./activity";
import { Program } from "./program";
import { Spool } from "../streams/spool";

// Modal keeps an exec's output for ten minutes after its end.
const RETENTION_MS = 10 * 60 * 1000;

export interface ExecOptions extends SpawnOptions {
  readonly keepsStdout: boolean;
  readonly keepsStderr: boolean;
  readonly timeoutMs: number | undefined;
}

/** The execs of one sandbox, by the ids that the client chose. */
export class Execs {
  readonly #folder: string;
  readonly #activity: Activity;
  readonly #programs = new Map<string, Promise<Program>>();
  readonly #expiries = new Map<string, ReturnType<typeof setTimeout>>();

  /** `folder` receives large outputs. */
  constructor(folder: string, activity: Activity) {
    this.#folder = folder;
    this.#activity = activity;
  }

  get(id: string): Promise<Program> | undefined {
    return this.#programs.get(id);
  }

  /** Starts a program under `id`, once. */
  start(id: string, root: IsolatedRoot, options: ExecOptions): Promise<Program> {
    const started = this.#programs.get(id) ?? this.#start(id, root, options);
    this.#programs.set(id, started);
    return started;
  }

  dispose(): void {
    for (const id of this.#programs.keys()) this.#forget(id);
  }

  async #start(id: string, root: IsolatedRoot, options: ExecOptions): Promise<Program> {
    const activity = this.#activity.begin();
    try {
      const program = await Program.start(root, {
        ...options,
        stdout: options.keepsStdout ? new Spool(this.#folder) : undefined,
        stderr: options.keepsStderr ? new Spool(this.#folder) : undefined,
      });
      void program.exited.then(() => {
        activity.dispose();
        if (!this.#programs.has(id)) return;
        const forget = () => this.#forget(id);
        this.#expiries.set(id, setTimeout(forget, RETENTION_MS).unref());
      });
      return program;
    } catch (error) {
      activity.dispose();
      this.#programs.delete(id);
      throw error;
    }
  }

  #forget(id: string): void {
    const program = this.#programs.get(id);
    this.#programs.delete(id);
    // A pending timer would keep the whole sandbox in memory.
    clearTimeout(this.#expiries.get(id));
    this.#expiries.delete(id);
    void program?.then(({ stdout, stderr }) => {
      stdout?.dispose();
      stderr?.dispose();
    });
  }
}
