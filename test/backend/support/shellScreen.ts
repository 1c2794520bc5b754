import type { Shell, ShellScreen } from "../../../src/run/program/shell";

/** Shows a shell as a terminal does. */
export class Screen implements ShellScreen {
  readonly size = { columns: 100, rows: 30 };
  readonly over: Promise<number>;
  readonly told: string[] = [];
  readonly #shell: Shell;
  readonly #decoder = new TextDecoder();
  #text = "";
  #wake: () => void = () => undefined;

  constructor(shell: Shell) {
    this.#shell = shell;
    this.over = shell.run(this);
    this.over.catch(() => undefined);
  }

  get text(): string {
    return this.#text;
  }

  show(bytes: Uint8Array): Promise<void> {
    this.#text += this.#decoder.decode(bytes, { stream: true });
    this.#wake();
    return Promise.resolve();
  }

  tell(line: string): void {
    this.told.push(line);
  }

  async type(keys: string): Promise<void> {
    await this.#shell.write(Buffer.from(keys));
  }

  shows(wanted: RegExp): Promise<void> {
    return this.#until(() => wanted.test(this.#text));
  }

  async #until(isThere: () => boolean): Promise<void> {
    while (!isThere()) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}
