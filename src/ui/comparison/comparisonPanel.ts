import { randomBytes } from "node:crypto";
import { env, Uri, ViewColumn, window, workspace, type WebviewPanel } from "vscode";
import { isObject } from "../../base/guards";
import { every } from "../../base/async";
import { DisposableStore, type Disposable } from "../../base/disposable";
import { Emitter, type Event } from "../../base/event";
import type { Clock } from "../../base/ports";
import { compare, type ComparedRun, type Comparison } from "../../run/compare/comparison";
import { toCsv, toMarkdown } from "../../run/compare/comparisonExport";
import { inOrder, nextOrder, type Order } from "../../run/compare/comparisonOrder";
import type { Run } from "../../run/run";
import type { ReportError } from "../errorReporter";
import { inert, showDone } from "../outsideText";
import { CoalescedChanges } from "../views/coalescedChanges";
import { pageHtml, pageOf } from "./comparisonPage";

/** The runs that are compared. */
export interface ComparisonSource {
  readonly title: string;
  /** A summary of the states: `2 of 3 done`. */
  readonly note: string;
  readonly runs: readonly ComparedRun[];
  /** True while a run is running or waiting. */
  readonly isLive: boolean;
  readonly onDidChange: Event<unknown>;
  /** Returns the run of a row. */
  readonly runOf: (runId: string) => Run | undefined;
  /** Keeps further runs from starting; only a sweep has this. */
  readonly stop?: () => Promise<void>;
}

export interface ComparisonPanelOptions {
  readonly extensionUri: Uri;
  /** True on the local backend, where nothing is billed. */
  readonly isFree: () => boolean;
  readonly showRun: (run: Run) => void;
  readonly openOutputs: (run: Run) => Promise<void>;
  readonly keepOutputs: (run: Run) => Promise<void>;
  readonly clock: Clock;
  readonly report: ReportError;
}

const DRAW_INTERVAL_MS = 250;
const CLOCK_INTERVAL_MS = 1000;

/** An editor tab with a comparison, which is updated while its runs make progress. */
export class ComparisonPanel implements Disposable {
  readonly #options: ComparisonPanelOptions;
  readonly #own = new DisposableStore();
  readonly #panel: WebviewPanel;
  readonly #changes = this.#own.add(new CoalescedChanges<never>(DRAW_INTERVAL_MS));
  readonly #closed = new Emitter<void>();
  readonly onDidClose = this.#closed.event;
  #source: ComparisonSource;
  #subscription: Disposable;
  #order: Order | undefined;

  constructor(source: ComparisonSource, options: ComparisonPanelOptions) {
    this.#options = options;
    this.#source = source;
    const media = Uri.joinPath(options.extensionUri, "media");
    this.#panel = this.#own.add(
      window.createWebviewPanel(
        "modalSandboxes.comparison",
        "",
        { viewColumn: ViewColumn.Beside, preserveFocus: true },
        { enableScripts: true, localResourceRoots: [media] },
      ),
    );
    const { webview } = this.#panel;
    this.#own.add(this.#panel.onDidDispose(() => this.dispose()));
    this.#own.add(
      webview.onDidReceiveMessage((message: unknown) => {
        this.#act(message).catch(options.report);
      }),
    );
    this.#changes.onDidChange(() => this.#draw());
    this.#own.add(
      every(CLOCK_INTERVAL_MS, () => {
        if (this.#source.isLive) this.#changes.addEverything();
      }),
    );
    webview.html = pageHtml({
      script: webview.asWebviewUri(Uri.joinPath(media, "comparison.js")).toString(),
      style: webview.asWebviewUri(Uri.joinPath(media, "comparison.css")).toString(),
      cspSource: webview.cspSource,
      nonce: randomBytes(16).toString("hex"),
    });
    this.#subscription = this.#follow();
  }

  get source(): ComparisonSource {
    return this.#source;
  }

  /** Shows another comparison in the same tab. */
  show(source: ComparisonSource): void {
    this.#subscription.dispose();
    this.#source = source;
    this.#order = undefined;
    this.#subscription = this.#follow();
    this.#changes.addEverything();
  }

  reveal(preserveFocus: boolean): void {
    this.#panel.reveal(undefined, preserveFocus);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#own.dispose();
    this.#closed.fire();
    this.#closed.dispose();
  }

  #follow(): Disposable {
    this.#panel.title = inert(`Comparison · ${this.#source.title}`);
    return this.#source.onDidChange(() => this.#changes.addEverything());
  }

  /** The comparison in the order in which it is shown. */
  get #comparison(): Comparison {
    const { clock, isFree } = this.#options;
    return inOrder(compare(this.#source.runs, { now: clock.now(), isFree: isFree() }), this.#order);
  }

  /** A page that becomes visible again is loaded again, and requests this itself. */
  #draw(): void {
    if (!this.#panel.visible) return;
    const { title, note, isLive, stop } = this.#source;
    const head = { title, note, canStop: isLive && stop !== undefined };
    void this.#panel.webview.postMessage(pageOf(this.#comparison, this.#order, head));
  }

  /** These are the only actions that the page may request. */
  async #act(message: unknown): Promise<void> {
    const { kind, column, run } = fieldsOf(message);
    switch (kind) {
      case "ready":
        this.#draw();
        break;
      case "sort":
        if (typeof column === "string") this.#order = nextOrder(this.#order, column);
        this.#draw();
        break;
      case "show": {
        const shown = typeof run === "string" ? this.#source.runOf(run) : undefined;
        if (shown) this.#options.showRun(shown);
        break;
      }
      case "openOutputs":
      case "keepOutputs": {
        const chosen = typeof run === "string" ? this.#source.runOf(run) : undefined;
        if (chosen) await this.#options[kind](chosen);
        break;
      }
      case "stop":
        await this.#source.stop?.();
        break;
      case "copyCsv":
        await copy(toCsv(this.#comparison), "CSV");
        break;
      case "copyMarkdown":
        await copy(toMarkdown(this.#comparison), "Markdown");
        break;
      case "export":
        await save(this.#comparison, this.#source.title);
    }
  }
}

const fieldsOf = (message: unknown): Record<string, unknown> => (isObject(message) ? message : {});

async function copy(text: string, format: string): Promise<void> {
  await env.clipboard.writeText(text);
  showDone(`Comparison copied as ${format}`, 3000);
}

async function save(comparison: Comparison, title: string): Promise<void> {
  const name = `${title.replace(/[^\w.-]+/g, "-")}-comparison.csv`;
  const [folder] = workspace.workspaceFolders ?? [];
  const uri = await window.showSaveDialog({
    title: "Export Comparison",
    saveLabel: "Export",
    filters: { CSV: ["csv"], Markdown: ["md"] },
    ...(folder && { defaultUri: Uri.joinPath(folder.uri, name) }),
  });
  if (!uri) return;
  const text = uri.path.endsWith(".md") ? toMarkdown(comparison) : toCsv(comparison);
  await workspace.fs.writeFile(uri, Buffer.from(text));
}
