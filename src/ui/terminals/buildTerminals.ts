import { ThemeIcon, window, type Terminal } from "vscode";
import { DisposableStore, type Disposable } from "../../base/disposable";
import type { Event } from "../../base/event";
import type { ImageBuild } from "../../modal/imageBuild";
import { inert } from "../outsideText";
import { BuildTerminal } from "./buildTerminal";

/** How many logs of builds can still be shown after their terminal was closed. */
const KEPT = 10;

/** A terminal for each build, which takes no focus from whoever types. */
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

  /** The log of a build; the last one's where nothing else is said. */
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
