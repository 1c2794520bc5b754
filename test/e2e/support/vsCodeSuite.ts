import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach } from "mocha";
import type { Browser } from "playwright-core";

import { launchBrowser } from "./browser";
import { testEnvironment } from "./environment";
import { copySampleFolder } from "./sampleFolder";
import { VsCodeServer, type VsCodeServerOptions } from "./vsCodeServer";
import { Workbench } from "../workbench/workbench";

export interface VsCodeSuite {
  /** The sample folder's copy that every window of the suite opens. */
  readonly folder: string;
  readonly server: VsCodeServer;
  /** A fresh window on the folder, or on a workspace's file. One opened in a test is closed after it, one opened before the tests after them. */
  open(folder?: string): Promise<Workbench>;
  /** The same without a folder. */
  openEmpty(): Promise<Workbench>;
}

export type SuiteOptions = Pick<VsCodeServerOptions, "settings" | "env">;

/**
 * Gives the tests of the surrounding `describe` a VS Code with the packaged extension installed, and leaves a screenshot
 * of each failure in out/screenshots. Options that an earlier hook makes come as a function.
 */
export function useVsCode(options: SuiteOptions | (() => SuiteOptions) = {}): VsCodeSuite {
  const started = new StartedSuite();

  before(async function () {
    this.timeout(60_000);
    await started.start(typeof options === "function" ? options() : options);
  });
  beforeEach(() => started.enterTest());
  afterEach(async function () {
    const test = this.currentTest;
    await started.leaveTest(test?.state === "failed" ? test.fullTitle() : undefined);
  });
  after(async function () {
    this.timeout(60_000);
    await started.stop();
  });
  return started;
}

class StartedSuite implements VsCodeSuite {
  #server: VsCodeServer | undefined;
  #browser: Browser | undefined;
  #folder: string | undefined;
  #shared: Workbench[] = [];
  #ofTest: Workbench[] = [];
  #isInTest = false;
  #hasTested = false;

  get folder(): string {
    return present(this.#folder);
  }

  get server(): VsCodeServer {
    return present(this.#server);
  }

  open(folder = this.folder): Promise<Workbench> {
    return this.#open(folder);
  }

  openEmpty(): Promise<Workbench> {
    return this.#open(undefined);
  }

  async start(options: VsCodeServerOptions): Promise<void> {
    this.#browser = await launchBrowser();
    this.#server = await VsCodeServer.start({ ...options, extensions: [testEnvironment().vsix] });
    this.#folder = await copySampleFolder(this.#server.home);
  }

  enterTest(): void {
    this.#isInTest = true;
    this.#hasTested = true;
  }

  async leaveTest(failure: string | undefined): Promise<void> {
    this.#isInTest = false;
    if (failure) await this.#showWindows(failure);
    for (const window of this.#ofTest.splice(0)) await window.close();
  }

  async stop(): Promise<void> {
    if (!this.#hasTested) await this.#showWindows("before the tests");
    for (const window of this.#shared.splice(0)) await window.close();
    await this.#browser?.close();
    const left = await this.#server?.stop();
    assert.deepEqual(left ?? [], [], "no process outlives VS Code");
  }

  async #showWindows(title: string): Promise<void> {
    const windows = [...this.#shared, ...this.#ofTest];
    const paths = await Promise.all(windows.map((window, index) => window.screenshot(`${title} ${index + 1}`)));
    for (const path of paths) console.log(`      screenshot: ${path}`);
  }

  async #open(folder: string | undefined): Promise<Workbench> {
    const opened = await Workbench.open(present(this.#browser), this.server, folder);
    (this.#isInTest ? this.#ofTest : this.#shared).push(opened);
    return opened;
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("VS Code is started by a hook: use it in tests and hooks only.");
  return value;
}
