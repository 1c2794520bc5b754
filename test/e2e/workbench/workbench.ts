import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, BrowserContext, FrameLocator, Locator, Page } from "playwright-core";

import { testEnvironment } from "../support/environment";
import type { VsCodeServer } from "../support/vsCodeServer";
import { Dialog } from "./dialog";
import { Editor } from "./editor";
import { exactly, pollUntil } from "./locators";
import { chooseFromSubmenu, readSubmenu, RUN_ON_MODAL } from "./menu";
import { Notifications } from "./notifications";
import { QuickInput } from "./quickInput";
import { Terminals } from "./terminals";
import { TreeView } from "./treeView";

/** One VS Code window, driven as a person would. Each has storage of its own: nothing is remembered from another. */
export class Workbench {
  /** Opens a window on a folder, or on none. */
  static async open(browser: Browser, server: VsCodeServer, folder: string | undefined): Promise<Workbench> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await context.route(
      (url) => url.hostname !== "127.0.0.1" && url.protocol.startsWith("http"),
      (route) => route.abort(),
    );
    const workbench = new Workbench(context, await context.newPage());
    await workbench.page.goto(server.url(folder));
    await workbench.#ready();
    return workbench;
  }

  readonly page: Page;
  readonly quickInput: QuickInput;
  readonly sandboxes: TreeView;
  readonly volumes: TreeView;
  readonly secrets: TreeView;
  readonly terminals: Terminals;
  readonly notifications: Notifications;
  readonly dialog: Dialog;
  readonly editor: Editor;
  readonly #context: BrowserContext;

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    this.quickInput = new QuickInput(page);
    this.sandboxes = new TreeView(page, "Modal", "Sandboxes");
    this.volumes = new TreeView(page, "Modal", "Volumes");
    this.secrets = new TreeView(page, "Modal", "Secrets");
    this.terminals = new Terminals(page);
    this.notifications = new Notifications(page);
    this.dialog = new Dialog(page);
    this.editor = new Editor(page, this.quickInput);
  }

  /** Runs a command from the palette by its whole title. */
  async runCommand(title: string): Promise<void> {
    await this.quickInput.runCommand(title);
  }

  /** Runs a file on the GPUs that are ticked already. */
  async runFile(file: string): Promise<void> {
    await this.editor.open(file);
    await this.runCommand("Modal: Run Current File on GPU…");
    await this.quickInput.waitForTitle(`Run ${file} · `);
    await this.quickInput.accept();
  }

  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator(".statusbar-item", { hasText: text });
  }

  async openExplorer(): Promise<void> {
    await this.runCommand("View: Show Explorer");
    await this.page.locator(".explorer-viewlet .monaco-list-row").first().waitFor();
  }

  /** Chooses from the submenu "Run on Modal" of a file in the Explorer. */
  async explorerAction(file: string, action: string): Promise<void> {
    await chooseFromSubmenu(this.page, this.#explorerRow(file), RUN_ON_MODAL, action);
  }

  /** Opens that submenu, which has this action, leaves it open, and reads it. */
  async explorerActions(file: string, action: string): Promise<string[]> {
    return readSubmenu(this.page, this.#explorerRow(file), RUN_ON_MODAL, action);
  }

  async closeMenus(): Promise<void> {
    const menus = this.page.locator(".monaco-menu");
    await pollUntil("the menus are closed", async () => {
      if ((await menus.count()) > 0) await this.page.keyboard.press("Escape");
      return (await menus.count()) === 0;
    });
  }

  /** An editor for a file that has no name yet, with the cursor in it. */
  async newFile(): Promise<void> {
    await this.runCommand("File: New Untitled Text File");
    await this.page.locator(".editor-group-container.active .tab.active[data-resource-name^=Untitled]").waitFor();
  }

  /** The text of what appears when the pointer rests on something. */
  async hover(target: Locator): Promise<string> {
    const hover = this.page.locator(".monaco-hover:visible").first();
    return pollUntil("a hover appears", async () => {
      // A hover appears only when the pointer arrives, and a row that is drawn again meanwhile removes it.
      await this.movePointerAway();
      await hover.waitFor({ state: "hidden", timeout: 2_000 });
      await target.hover({ timeout: 2_000 });
      await hover.waitFor({ timeout: 3_000 });
      const text = await hover.innerText();
      // The extension has yet to provide the tooltip of a tree row.
      return text !== "Loading..." && text;
    });
  }

  async waitForClipboard(text: RegExp): Promise<void> {
    await pollUntil(`the clipboard has ${String(text)}`, async () =>
      text.test(await this.page.evaluate<string>("navigator.clipboard.readText()")),
    );
  }

  /** The page that VS Code's Simple Browser shows. */
  simpleBrowser(): FrameLocator {
    return this.page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame").frameLocator("iframe");
  }

  /** Returns how long the extension with this display name took to load and activate, as VS Code reports it. */
  async activationMs(extension: string): Promise<number> {
    // The list draws only what is in sight.
    await this.page.setViewportSize({ width: 1280, height: 3000 });
    await this.runCommand("Developer: Show Running Extensions");
    const name = this.page.locator(".name", { hasText: exactly(extension) });
    const row = this.page.locator(".runtime-extensions-editor .extension").filter({ has: name });
    const text = await row.locator(".activation-time").innerText();
    await this.closeModalEditor();

    const [, time] = /(\d+)ms/.exec(text) ?? [];
    if (time === undefined) throw new Error(`VS Code says of the activation only "${text}".`);
    return Number(time);
  }

  /** Waits for a browser tab that VS Code opens, such as a tunnel's page. */
  async newTab(open: () => Promise<void>): Promise<Page> {
    const [page] = await Promise.all([this.#context.waitForEvent("page"), open()]);
    return page;
  }

  /** Grants trust to a window that was opened in Restricted Mode. */
  async trustFolder(): Promise<void> {
    await this.runCommand("Workspaces: Manage Workspace Trust");
    await this.acceptTrust();
  }

  /** The same where VS Code asks already. */
  async acceptTrust(): Promise<void> {
    const editor = this.page.locator(".workspace-trust-editor");
    await editor.locator("a.monaco-button", { hasText: "Trust" }).first().click();
    await pollUntil("the folder is trusted", async () => (await editor.innerText()).includes("You trust this folder"));
    await this.closeModalEditor();
  }

  /** As a person does who comes back later: what was kept is still there. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.#ready();
  }

  /** From the dark theme that every test begins with. */
  async useLightTheme(): Promise<void> {
    await this.runCommand("Preferences: Toggle between Light/Dark Themes");
    await this.page.locator(".monaco-workbench.vs").waitFor();
  }

  /** To where it highlights nothing. */
  async movePointerAway(): Promise<void> {
    await this.page.mouse.move(700, 795);
  }

  /** @returns The path of the picture, in out/ under the folder given. */
  async screenshot(name: string, folder = "screenshots"): Promise<string> {
    const target = join(testEnvironment().root, "out", folder);
    await mkdir(target, { recursive: true });
    const path = join(target, `${name.replace(/[^\w.-]+/g, "-")}.png`);
    await this.page.screenshot({ path });
    return path;
  }

  /** Leaves the page first, so that the extension host ends as when a person closes the window. */
  async close(): Promise<void> {
    if (this.page.isClosed()) return;
    await this.page.goto("about:blank");
    await this.#context.close();
  }

  /** Some of VS Code's own pages lie over the whole window. */
  async closeModalEditor(): Promise<void> {
    const block = this.page.locator(".monaco-modal-editor-block");
    await block.locator('.action-label[aria-label^="Close"]').click();
    await block.waitFor({ state: "hidden" });
  }

  #explorerRow(file: string): Locator {
    return this.page.locator(`.explorer-viewlet .monaco-list-row[aria-label^="${file}"]`);
  }

  async #ready(): Promise<void> {
    await this.page.locator(".monaco-workbench .statusbar-item").first().waitFor();
  }
}
