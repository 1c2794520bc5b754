import { basename } from "node:path";
import {
  Range,
  TerminalLink,
  window,
  type Terminal,
  type TerminalLinkContext,
  type TerminalLinkProvider,
} from "vscode";
import { placesIn } from "../../run/output/places";
import type { Run } from "../../run/run";
import { localPlace, type LocalPlace } from "../localFile";

class PlaceLink extends TerminalLink {
  readonly place: LocalPlace;

  constructor(start: number, length: number, place: LocalPlace) {
    super(start, length, `Open ${basename(place.uri.fsPath)}, line ${place.position.line + 1}`);
    this.place = place;
  }
}

/** Turns file positions in the terminals of runs into links, if the file is on this machine too. */
export class TracebackLinks implements TerminalLinkProvider<PlaceLink> {
  readonly #runOf: (terminal: Terminal) => Run | undefined;

  constructor(runOf: (terminal: Terminal) => Run | undefined) {
    this.#runOf = runOf;
  }

  async provideTerminalLinks({ line, terminal }: TerminalLinkContext): Promise<PlaceLink[]> {
    const run = this.#runOf(terminal);
    if (!run) return [];
    const links = await Promise.all(
      placesIn(line).map(async ({ frame, start, length }) => {
        const place = await localPlace(frame, run);
        return place ? [new PlaceLink(start, length, place)] : [];
      }),
    );
    return links.flat();
  }

  async handleTerminalLink({ place: { uri, position } }: PlaceLink): Promise<void> {
    await window.showTextDocument(uri, { selection: new Range(position, position) });
  }
}
