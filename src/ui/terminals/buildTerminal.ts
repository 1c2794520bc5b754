import { EventEmitter, type Pseudoterminal } from "vscode";
import { assertNever } from "../../base/errors";
import type { BuildEnd, BuildEntry, ImageBuild } from "../../modal/imageBuild";
import { HarmlessOutput } from "./harmlessOutput";
import { bold, dim, green, red } from "./styles";
import { TerminalWriter } from "./terminalWriter";

/** Shows the log of a build live, from its first line. */
export class BuildTerminal implements Pseudoterminal {
  readonly #build: ImageBuild;
  readonly #written = new EventEmitter<string>();
  readonly onDidWrite = this.#written.event;
  readonly #writer = new TerminalWriter();
  readonly #harmless = new HarmlessOutput({ hasTerminal: false });

  constructor(build: ImageBuild) {
    this.#build = build;
  }

  open(): void {
    this.#writer.onDidWrite((text) => this.#written.fire(text));
    const show = (entry: BuildEntry) => void this.#writer.write(this.#textOf(entry));
    this.#build.entries.forEach(show);
    this.#build.onDidAddEntry(show);
    void this.#build.finished.then((end) => this.#writer.write(lastLine(end)));
  }

  close(): void {
    this.#writer.close();
  }

  handleInput(data: string): void {
    this.#writer.takeAnswers(data);
  }

  #textOf(entry: BuildEntry): string {
    return entry.kind === "layer"
      ? bold(`▸ ${entry.title}`)
      : this.#harmless.filter(entry.text).replaceAll(/\r?\n/g, "\r\n");
  }
}

function lastLine(end: BuildEnd): string {
  switch (end.kind) {
    case "built":
      return green("✓ The image is built. Later sandboxes reuse it.");
    case "failed":
      return red(`✗ ${end.layer} failed: ${end.reason}`);
    case "canceled":
      return dim("The build was canceled. The layers that are already built are kept.");
    default:
      return assertNever(end);
  }
}
