import type { LogWriter } from "./logBook";
import { Spool } from "./spool";

/** An output that is also written to the log. */
export class LoggedSpool extends Spool {
  readonly #writer: LogWriter;

  constructor(folder: string, writer: LogWriter) {
    super(folder);
    this.#writer = writer;
  }

  override append(data: Buffer): Promise<void> {
    this.#writer.write(data);
    return super.append(data);
  }

  override end(): void {
    this.#writer.end();
    super.end();
  }
}
