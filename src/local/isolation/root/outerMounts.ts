import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../../../base/errors";
import type { IsolatedMount } from "../../base/isolation";
import { findProgram, systemPath, type Host } from "../host/host";
import { lowerOptions } from "./lowers";
import MOUNT_OVER from "./mountOver.sh";
import { opaqueFolders } from "./opaqueFolders";

export interface OuterMountsOptions {
  readonly host: Host;
  /** The root's folder, which shows the root at `root`. */
  readonly path: string;
  /** A process outside the root whose mounts below `root` are also visible inside. */
  readonly holderPid: number;
  readonly isUnprivileged: boolean;
}

/**
 * Mounts that are made while a sandbox runs. The sandbox cannot see the host, so they are made in the mount namespace
 * around it and propagate inside.
 */
export class OuterMounts {
  readonly #options: OuterMountsOptions;
  #made = 0;
  #count = 0;

  constructor(options: OuterMountsOptions) {
    this.#options = options;
  }

  /** The number of mounts. */
  get count(): number {
    return this.#count;
  }

  /** `target` is a folder inside whose path contains no links. */
  async mount(target: string, folders: readonly string[], readOnly: boolean): Promise<IsolatedMount> {
    const layer = join(this.#options.path, "mounts", String((this.#made += 1)));
    const folder = join(layer, "upper");
    for (const name of ["upper", "work", "empty"]) await mkdir(join(layer, name), { recursive: true });
    const lower = await lowerOptions(layer, [...folders.toReversed(), join(layer, "empty")]);
    const place = join(this.#options.path, "root", target);
    const mode = [readOnly ? "ro" : "rw", ...(this.#options.isUnprivileged ? ["userxattr"] : [])];
    const data = [`lowerdir=${lower}`, "upperdir=upper", "workdir=work", ...mode].join(",");
    // The visible folder takes its owner and mode from the topmost layer.
    const top = folders.at(-1) ?? place;
    await this.#run(["/bin/sh", "-c", MOUNT_OVER, "sh", layer, top, data, place]);
    this.#count += 1;
    return {
      folder,
      holds: "changes",
      replacedFolders: () => opaqueFolders(this.#options.host, folder),
      unmount: () => this.#unmount(place),
    };
  }

  async #unmount(place: string): Promise<void> {
    try {
      await this.#run(["umount", "-n", place]);
      this.#count -= 1;
    } catch (error) {
      if (messageOf(error).includes("busy")) throw Object.assign(new Error("The mount is in use."), { code: "EBUSY" });
      throw error;
    }
  }

  async #run(command: readonly string[]): Promise<void> {
    const { host, holderPid, isUnprivileged } = this.#options;
    const enter = ["-t", String(holderPid), "-m", ...(isUnprivileged ? ["-U", "--preserve-credentials"] : [])];
    await promisify(execFile)(findProgram("nsenter", host), [...enter, "--", ...command], {
      cwd: "/",
      env: { PATH: systemPath(host), LC_ALL: "C", MODAL_LOCAL_SERVER: host.folder.marker },
    });
  }
}
