import { access, constants, mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { Lazy } from "../base/async";
import { codeOf, messageOf, UserError } from "../base/errors";
import { RESULTS_MARKER } from "../sync/rules/outputFolder";
import { groupName, uniqueLabel } from "./outputNames";

export interface GroupFolderOptions {
  /** The synced folder. */
  readonly root: string;
  /** The parent of group folders, relative to `root`. */
  readonly runsFolder: string;
  /** The name of the program. */
  readonly label: string;
  readonly startedAt: Date;
  /** The existing folder if an earlier window created it, relative to `root`. */
  readonly path?: string;
}

/** The folder for the outputs of runs that belong together. It is created when the first run needs it. */
export class GroupFolder {
  readonly #options: GroupFolderOptions;
  readonly #labels = new Set<string>();
  readonly #path = new Lazy(() => this.#make());

  constructor(options: GroupFolderOptions) {
    this.#options = options;
  }

  /**
   * Rejects with a `UserError` if the folder cannot be created. Call this before a sandbox costs anything. Creates
   * nothing.
   */
  async check(): Promise<void> {
    const { root, runsFolder, path = runsFolder } = this.#options;
    try {
      await mustHoldFolders(join(root, path));
    } catch (error) {
      throw notMade(join(root, path), error);
    }
  }

  /** Returns the path for one run's outputs, relative to the synced folder, with `/`. */
  async placeFor(label: string): Promise<string> {
    const own = uniqueLabel(label, this.#labels);
    this.#labels.add(own);
    try {
      return posix.join(this.#options.path ?? (await this.#path.get()), own);
    } catch (error) {
      this.#labels.delete(own);
      throw error;
    }
  }

  /** Creates a folder named after the current minute that no other group uses, in this window or another one. */
  async #make(): Promise<string> {
    const { root, runsFolder } = this.#options;
    try {
      await mkdir(join(root, runsFolder), { recursive: true });
      return await this.#makeIn();
    } catch (error) {
      throw notMade(join(root, runsFolder), error);
    }
  }

  async #makeIn(): Promise<string> {
    const { root, runsFolder, label, startedAt } = this.#options;
    const name = groupName(label, startedAt);
    for (let count = 1; ; count += 1) {
      const path = posix.join(runsFolder, count === 1 ? name : `${name}-${count}`);
      try {
        await mkdir(join(root, path));
      } catch (error) {
        if (codeOf(error) === "EEXIST") continue;
        throw error;
      }
      await writeFile(join(root, path, RESULTS_MARKER), MARKER_TEXT);
      return path;
    }
  }
}

/** Checks the folder, or its nearest ancestor that exists. */
async function mustHoldFolders(folder: string): Promise<void> {
  const stats = await stat(folder).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  });
  if (!stats) {
    await mustHoldFolders(dirname(folder));
    return;
  }
  if (!stats.isDirectory()) throw new Error(`${folder} isn't a folder`);
  await access(folder, constants.W_OK | constants.X_OK);
}

const notMade = (path: string, cause: unknown) =>
  new UserError(`The folder for the outputs can't be created in ${path}: ${messageOf(cause)}`, {
    cause,
    actions: [
      {
        title: "Open Settings",
        command: "workbench.action.openSettings",
        arguments: ["modalSandboxes.runs.outputFolder"],
      },
    ],
  });

const MARKER_TEXT = `These are the outputs of runs that Modal Sandboxes started together.
This file excludes the folder from every push. Delete it to push the folder too.
`;
