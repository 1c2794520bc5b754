import { commands, window, workspace, type TreeView } from "vscode";
import { every } from "../../base/async";
import type { Session } from "../../auth/session";
import { DisposableStore, MutableDisposable, type Disposable } from "../../base/disposable";
import { isAbort, messageOf } from "../../base/errors";
import type { Event } from "../../base/event";
import { Poller } from "../../base/poller";
import type { Logger } from "../../base/ports";
import type { Account } from "../../modal/account";
import type { RateSource } from "../../modal/rates";
import type { Activity } from "../../sandboxes/metrics/activity";
import { setContextKey } from "../contextKeys";
import { inert } from "../outsideText";
import { withViewProgress } from "../progress";
import type { LateTrees } from "./lateTrees";
import { watchMeters } from "./meterWatch";
import type { TreeNode } from "./nodes";
import type { RowSources } from "./rows/rowContext";
import { SandboxesTree } from "./sandboxesTree";
import type { MeterSource, RunSource, SandboxSource, SnapshotSource } from "./treeSources";
import { SandboxTreeModel } from "./sandboxTreeModel";
import { summarize } from "./summary";

export interface SandboxesViewOptions extends RowSources {
  readonly sandboxes: SandboxSource;
  readonly runs: RunSource;
  readonly snapshots: SnapshotSource;
  readonly meters: MeterSource & { watch(key: string): Disposable };
  readonly session: { readonly current: Session; readonly onDidChangeSession: Event<Session> };
  readonly account: { readonly current: Account | undefined; readonly onDidChangeAccount: Event<unknown> };
  readonly rates: RateSource & { readonly onDidChangeRates: Event<unknown> };
  readonly activity: Pick<Activity, "useOf" | "onDidChangeActivity">;
  /** The records of sandboxes on this machine's disk. */
  readonly records: { readonly problem: string | undefined; readonly onDidChangeProblem: Event<unknown> };
  readonly log: Logger;
  readonly trees: LateTrees;
  /** Updates the sandboxes with one list request to the server. */
  readonly refresh: (signal: AbortSignal) => Promise<void>;
}

const VIEW = "modalSandboxes.sandboxes";

/** How often the list is fetched while the view is visible, and while it is hidden but something may cost money. */
const WATCHED_INTERVAL_MS = 5000;
const RUNNING_INTERVAL_MS = 60_000;
const MAX_INTERVAL_MS = 5 * 60_000;

const AGES_INTERVAL_MS = 30_000;
const WAITS_INTERVAL_MS = 1000;

/** The view of sandboxes in the side bar: its tree, its badge, and the polling that keeps it up to date. */
export class SandboxesView implements Disposable {
  readonly #options: SandboxesViewOptions;
  readonly #own = new DisposableStore();
  readonly #model: SandboxTreeModel;
  readonly #view: TreeView<TreeNode>;
  readonly #poller = this.#own.add(new MutableDisposable<Poller>());
  #intervalMs: number | undefined;
  /** Aborts the user's request when the session changes. */
  #abort = new AbortController();

  constructor(options: SandboxesViewOptions) {
    const { sandboxes, session } = options;
    this.#options = options;
    this.#model = this.#own.add(new SandboxTreeModel(options));
    this.#view = options.trees.get(VIEW).connect(new SandboxesTree({ ...options, model: this.#model }));

    const summarizeAndPoll = () => {
      this.#summarize();
      this.#adjustPolling();
    };
    this.#own.add(sandboxes.onDidChangeSandboxes(summarizeAndPoll));
    this.#own.add(session.onDidChangeSession(() => this.startOver()));
    this.#own.add(options.account.onDidChangeAccount(() => this.#summarize()));
    this.#own.add(options.records.onDidChangeProblem(() => this.#summarize()));
    this.#own.add(
      options.rates.onDidChangeRates(() => {
        this.#summarize();
        this.#model.touchAges();
      }),
    );
    this.#own.add(this.#view.onDidChangeVisibility(() => this.#onVisibility()));
    this.#own.add(window.onDidChangeWindowState(() => this.#adjustPolling()));
    this.#own.add(workspace.onDidGrantWorkspaceTrust(() => this.#adjustPolling()));
    this.#own.add(watchMeters(this.#view, options.meters));
    this.#own.add(
      every(AGES_INTERVAL_MS, () => {
        if (this.#view.visible) this.#model.touchAges();
      }),
    );
    this.#own.add(
      every(WAITS_INTERVAL_MS, () => {
        if (this.#view.visible) this.#model.touchWaits();
      }),
    );

    this.startOver();
  }

  /**
   * Fetches the list now, with progress in the view. Rejects if this fails, or with an `AbortError` on another session.
   */
  async refresh(): Promise<void> {
    const { signal } = this.#abort;
    await withViewProgress(VIEW, () => this.#fetch(signal));
  }

  /** Shows the view, and selects the sandbox's row if it is in this view. */
  async reveal(key: string): Promise<void> {
    await commands.executeCommand(`${VIEW}.focus`);
    const row = this.#model.roots.find((node) => node.kind === "sandbox" && node.key === key);
    if (row) await this.#view.reveal(row, { select: true, focus: true });
  }

  dispose(): void {
    this.#abort.abort();
    this.#own.dispose();
  }

  /** Starts with an empty list after a change of the session, environment or app. */
  startOver(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    setContextKey("modalSandboxes.isListed", false);
    this.#model.problem = undefined;
    this.#poller.value = undefined;
    this.#intervalMs = undefined;
    this.#summarize();
    this.#adjustPolling();
  }

  #onVisibility(): void {
    if (this.#view.visible) this.#model.touchAges();
    this.#adjustPolling();
  }

  #summarize(): void {
    const { sandboxes, session, account, rates, records } = this.#options;
    const { badge, description, messages } = summarize(sandboxes.all, {
      session: session.current,
      rates: rates.current,
      account: account.current,
      problem: records.problem,
    });
    this.#view.badge = badge;
    this.#view.description = inert(description);
    this.#view.message = messages.map((line) => inert(line)).join("\n");
  }

  #adjustPolling(): void {
    const intervalMs = this.#wantedIntervalMs();
    if (intervalMs === this.#intervalMs) return;
    this.#intervalMs = intervalMs;
    this.#poller.value = intervalMs === undefined ? undefined : this.#createPoller(intervalMs);
    this.#poller.value?.setOn(true);
  }

  #wantedIntervalMs(): number | undefined {
    const { sandboxes, session } = this.#options;
    if (!workspace.isTrusted || session.current.kind === "signedOut") return undefined;
    if (this.#view.visible && window.state.focused) return WATCHED_INTERVAL_MS;
    return sandboxes.all.some(({ phase }) => phase.kind !== "ended") ? RUNNING_INTERVAL_MS : undefined;
  }

  #createPoller(intervalMs: number): Poller {
    return new Poller((signal) => this.#fetch(signal), {
      name: "List of sandboxes",
      intervalMs,
      maxIntervalMs: MAX_INTERVAL_MS,
      log: this.#options.log,
    });
  }

  async #fetch(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.refresh(signal);
      if (!signal.aborted) this.#model.problem = undefined;
    } catch (error) {
      const isSignedOut = this.#options.session.current.kind === "signedOut";
      if (!signal.aborted && !isAbort(error) && !isSignedOut) this.#model.problem = messageOf(error);
      throw error;
    } finally {
      if (!signal.aborted) setContextKey("modalSandboxes.isListed", true);
    }
  }
}
