import { commands, env, ThemeIcon, version, workspace, type QuickPickItem } from "vscode";
import type { SessionService } from "../../auth/session";
import { isAbort } from "../../base/errors";
import { redact } from "../../base/redact";
import type { AccountService } from "../../modal/account";
import { checkConnection, type Finding } from "../../modal/checkConnection";
import type { Connection } from "../../modal/connection";
import type { ExecGateway } from "../../modal/exec";
import type { ProxyEnvironment } from "../../modal/proxy";
import { checkSandbox } from "../../sandboxes/checkSandbox";
import type { RateSource } from "../../modal/rates";
import { describePrice } from "../../sandboxes/costs/cost";
import { resolveSpec } from "../../sandboxes/spec/resolveSpec";
import type { SandboxService } from "../../sandboxes/sandboxService";
import { createPicker, inert } from "../outsideText";
import { environmentName, settingsDefinition } from "../settings";
import { fillRows } from "../pickers/rows";
import type { CommandTable } from "../commands/register";

export interface CheckDependencies {
  readonly session: SessionService;
  readonly connection: Connection;
  readonly account: AccountService;
  readonly proxy: ProxyEnvironment;
  readonly sandboxes: SandboxService;
  readonly exec: ExecGateway;
  readonly rates: RateSource;
  readonly extensionVersion: string;
}

/** Limits the cost of a test sandbox that an interrupted check leaves behind. */
const LIFETIME = { timeoutMs: 5 * 60_000, idleTimeoutMs: 60_000 };

type CheckItem = QuickPickItem & { readonly act?: () => unknown };

const icons: Record<Finding["state"], string> = { passed: "pass", warning: "warning", failed: "error" };
const copyButton = { iconPath: new ThemeIcon("copy"), tooltip: "Copy Report" };

export const checkCommands = (dependencies: CheckDependencies): CommandTable => ({
  "modalSandboxes.checkConnection": () => new ConnectionCheck(dependencies).run(),
});

/** A check in a quick pick that fills in step by step. Picking a row that reports a problem starts its fix. */
class ConnectionCheck {
  readonly #dependencies: CheckDependencies;
  readonly #picker = createPicker<CheckItem>();
  readonly #abort = new AbortController();
  readonly #findings: Finding[] = [];

  constructor(dependencies: CheckDependencies) {
    this.#dependencies = dependencies;
  }

  async run(): Promise<void> {
    const picker = this.#picker;
    picker.title = inert("Check Connection");
    picker.ignoreFocusOut = true;
    picker.buttons = [copyButton];
    picker.onDidTriggerButton(() => env.clipboard.writeText(this.#report()));
    picker.onDidAccept(() => picker.selectedItems[0]?.act?.());
    const hidden = new Promise<void>((resolve) => picker.onDidHide(resolve));
    picker.show();
    try {
      await Promise.race([this.#checkConnection(), hidden]);
      await hidden;
    } finally {
      this.#abort.abort();
      picker.dispose();
    }
  }

  async #checkConnection(): Promise<void> {
    const { session, connection, account, proxy, sandboxes, exec, rates } = this.#dependencies;
    const { signal } = this.#abort;
    const proxyFor = (host: string) => proxy.proxyFor(host);
    const options = { session: session.current, connection, account, environmentName: environmentName(), proxyFor };
    await this.#collect(checkConnection(options, signal));
    if (this.#hasFailed()) return;

    const definition = { ...settingsDefinition(undefined), ...LIFETIME, ports: [] };
    const spec = await resolveSpec(definition, workspace.workspaceFolders?.[0]?.uri.fsPath);
    this.#show([
      {
        iconPath: new ThemeIcon("play"),
        label: "Test a sandbox too",
        detail: `Creates one at ${describePrice(spec, rates.current)}, looks for the tools it needs, and terminates it.`,
        act: () => this.#collect(checkSandbox({ sandboxes, exec, spec }, signal)),
      },
    ]);
  }

  async #collect(findings: AsyncIterable<Finding>): Promise<void> {
    this.#picker.busy = true;
    this.#picker.placeholder = inert("Checking…");
    this.#show();
    try {
      for await (const finding of findings) {
        this.#findings.push(finding);
        this.#show();
      }
      this.#picker.placeholder = inert(
        this.#hasFailed() ? "Something is wrong. Pick a problem to fix it." : "Everything works.",
      );
    } catch (error) {
      if (!isAbort(error)) throw error;
    } finally {
      this.#picker.busy = false;
    }
  }

  #hasFailed(): boolean {
    return this.#findings.some(({ state }) => state === "failed");
  }

  #show(more: readonly CheckItem[] = []): void {
    if (this.#abort.signal.aborted) return;
    const found = this.#findings.map(({ step, state, text, actions: [action] }): CheckItem => {
      const item = { iconPath: new ThemeIcon(icons[state]), label: step, detail: text };
      if (!action) return item;
      const act = () => commands.executeCommand(action.command, ...(action.arguments ?? []));
      return { ...item, description: action.title, act };
    });
    const [active] = this.#picker.activeItems;
    fillRows(this.#picker, [...found, ...more], ({ label }) => label === active?.label);
  }

  #report(): string {
    const lines = this.#findings.map(({ step, state, text }) => `${step}: ${state}. ${text}`);
    const versions = `Modal Sandboxes ${this.#dependencies.extensionVersion}, VS Code ${version}, ${process.platform}`;
    return redact([versions, ...lines, ""].join("\n"));
  }
}
