import { rm } from "node:fs/promises";
import type { IsolatedRoot, SpawnOptions } from "../isolation";
import type { Activity } from "./activity";
import { Program } from "./program";
import { Spool } from "./spool";

// Modal keeps an exec's output for ten minutes after its end.
const RETENTION_MS = 10 * 60 * 1000;

export interface ExecOptions extends SpawnOptions {
  readonly keepsStdout: boolean;
  readonly keepsStderr: boolean;
  readonly timeoutMs: number | undefined;
}

/** The execs of one sandbox by the ids that the client chose. */
export class Execs {
  readonly #folder: string;
  readonly #activity: Activity;
  readonly #programs = new Map<string, Promise<Program>>();

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

  async #start(id: string, root: IsolatedRoot, options: ExecOptions): Promise<Program> {
    const { keepsStdout, keepsStderr, ...program } = options;
    const folder = `${this.#folder}/${encodeURIComponent(id)}`;
    const activity = this.#activity.begin();
    try {
      const started = await Program.start(root, {
        ...program,
        stdout: keepsStdout ? new Spool(`${folder}/stdout`) : undefined,
        stderr: keepsStderr ? new Spool(`${folder}/stderr`) : undefined,
      });
      void started.exited.then(() => {
        activity.dispose();
        this.#forgetLater(id, folder);
      });
      return started;
    } catch (error) {
      activity.dispose();
      this.#programs.delete(id);
      throw error;
    }
  }

  #forgetLater(id: string, folder: string): void {
    const forget = () => {
      this.#programs.delete(id);
      void rm(folder, { recursive: true, force: true });
    };
    setTimeout(forget, RETENTION_MS).unref();
  }
}
