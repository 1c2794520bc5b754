import { Bell } from "../base/bell";
import { LogWriter } from "../streams/logBook";
import type { FunctionCall } from "./functionCall";

export interface FunctionLogEntry {
  /** Increases from entry to entry. */
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
  readonly call: Pick<FunctionCall, "id" | "inputId" | "functionId" | "appId">;
}

const ENTRIES_KEPT = 20_000;

/** The output of all function calls, line by line. The oldest lines are dropped. */
export class FunctionLogs {
  #entries: FunctionLogEntry[] = [];
  #sequence = 0;
  readonly #bell = new Bell();

  get entries(): readonly FunctionLogEntry[] {
    return this.#entries;
  }

  /** The sequence number of the newest entry. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Returns a writer for a call's output. */
  open({ id, inputId, functionId, appId }: FunctionCall): LogWriter {
    const call = { id, inputId, functionId, appId };
    return new LogWriter((text, at) => {
      this.#sequence += 1;
      this.#entries.push({ sequence: this.#sequence, at, text, call });
      if (this.#entries.length > 2 * ENTRIES_KEPT) this.#entries = this.#entries.slice(-ENTRIES_KEPT);
      this.#bell.ring();
    });
  }

  whenPrinted(signal: AbortSignal): Promise<void> {
    return this.#bell.next(signal);
  }
}
