import { ThemeIcon, window, type Terminal } from "vscode";
import { DisposableStore, type Disposable } from "../../base/disposable";
import type { Event } from "../../base/event";
import type { ImageBuild } from "../../modal/imageBuild";
import { inert } from "../outsideText";
import { BuildTerminal } from "./buildTerminal";

/** The number of build logs that can still be shown after their terminal was closed. */
const KEPT = 10;

/** The terminals of builds, one for each. They never take the focus from the editor. */
export class BuildTerminals implements Disposable {
  readonly #own = new DisposableStore();
  readonly #builds = new Map<string, ImageBuild>();
  readonly #terminals = new Map<string, Terminal>();

  constructor(onDidStartBuild: Event<ImageBuild>) {
    this.#own.add(
      onDidStartBuild((build) => {
        this.#keep(build);
        this.show(build.id);
      }),
    );
    this.#own.add(
      window.onDidCloseTerminal((closed) => {
        for (const [id, terminal] of this.#terminals) if (terminal === closed) this.#terminals.delete(id);
      }),
    );
  }

  /** Shows the log of a build, by default of the last one. */
  show(id = [...this.#builds.keys()].at(-1)): void {
    const build = id === undefined ? undefined : this.#builds.get(id);
    if (!build) return;
    const terminal = this.#terminals.get(build.id) ?? this.#open(build);
    terminal.show(true);
  }

  dispose(): void {
    this.#own.dispose();
  }

  #keep(build: ImageBuild): void {
    this.#builds.set(build.id, build);
    for (const id of [...this.#builds.keys()].slice(0, -KEPT)) this.#builds.delete(id);
  }

  #open(build: ImageBuild): Terminal {
    const terminal = window.createTerminal({
      name: inert(`Build: ${build.label}`),
      pty: new BuildTerminal(build),
      iconPath: new ThemeIcon("package"),
      isTransient: true,
    });
    this.#terminals.set(build.id, terminal);
    return terminal;
  }
}
