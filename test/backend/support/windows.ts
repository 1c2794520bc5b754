import { mkdtempSync, rmSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "mocha";
import { startLocalBackend, type LocalBackend, type LocalBackendOptions } from "./localBackend";
import { startServices, type Services } from "./services";

/** The windows of one installation, one after another, on their own server. */
export interface Windows {
  readonly folder: string;
  readonly storageFolder: string;
  readonly backend: LocalBackend;
  /** The services of the open window. */
  readonly services: Services;
  write(path: string, content: string): Promise<void>;
  /** Makes the server fail from now on according to a plan of faults. */
  break(plan: object): Promise<void>;
  /** Closes the window, keeping its sandboxes running, and opens the next. */
  reopen(): Promise<Services>;
  /** Opens the next window while this one is still closing. The result finishes the closing. */
  overlap(): Promise<() => Promise<void>>;
  /** Restarts the server in place, with a new window for it. The earlier window stays open. */
  restart(): Promise<void>;
}

export function useWindows(options: LocalBackendOptions = {}): Windows {
  const windows = new OpenWindows(options);
  before(() => windows.begin());
  after(() => windows.end());
  return windows;
}

class OpenWindows implements Windows {
  readonly #base = mkdtempSync(join(tmpdir(), "windows-"));
  readonly folder = join(this.#base, "folder");
  readonly storageFolder = join(this.#base, "storage");
  readonly #faults = join(this.#base, "faults.json");
  readonly #previousUrl = process.env.MODAL_SERVER_URL;
  readonly #options: LocalBackendOptions;
  #backend: LocalBackend | undefined;
  #services: Services | undefined;

  constructor(options: LocalBackendOptions) {
    this.#options = options;
  }

  get backend(): LocalBackend {
    return present(this.#backend);
  }

  get services(): Services {
    return present(this.#services);
  }

  async begin(): Promise<void> {
    await mkdir(this.folder);
    // Another user's server must be able to read the plan of faults.
    if (this.#options.uid !== undefined) await chmod(this.#base, 0o755);
    await this.break({});
    await this.#start("0");
  }

  async end(): Promise<void> {
    await this.#services?.stop();
    if (this.#previousUrl === undefined) Reflect.deleteProperty(process.env, "MODAL_SERVER_URL");
    else process.env.MODAL_SERVER_URL = this.#previousUrl;
    await this.#backend?.stop();
    rmSync(this.#base, { recursive: true, force: true });
  }

  async write(path: string, content: string): Promise<void> {
    await writeFile(join(this.folder, path), content);
  }

  async break(plan: object): Promise<void> {
    await writeFile(this.#faults, JSON.stringify(plan));
  }

  async reopen(): Promise<Services> {
    await this.services.ownership.leave();
    await this.services.stop();
    return this.#open();
  }

  async overlap(): Promise<() => Promise<void>> {
    const { services: before } = this;
    await this.#open();
    return async () => {
      await before.ownership.leave();
      await before.stop();
    };
  }

  async restart(): Promise<void> {
    await this.#start(new URL(this.backend.serverUrl).port);
  }

  async #start(port: string): Promise<void> {
    this.#backend = await startLocalBackend({
      ...this.#options,
      arguments: [...(this.#options.arguments ?? []), "--faults", this.#faults, "--port", port],
    });
    process.env.MODAL_SERVER_URL = this.#backend.serverUrl;
    await this.#open();
  }

  async #open(): Promise<Services> {
    const { folder, storageFolder } = this;
    this.#services = await startServices({ account: this.backend, storageFolder, folder });
    return this.#services;
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("The windows are available only while tests run.");
  return value;
}
