import { TreeItemCollapsibleState, type Command, type TreeDataProvider, type TreeItem } from "vscode";
import { tooltipOf } from "../outsideText";
import { escapeMarkdown, markdownTable } from "./markdown";
import { metersRow } from "./rows/metersRow";
import { mountRow } from "./rows/mountRow";
import type { TreeNode } from "./nodes";
import { problemRow } from "./rows/problemRow";
import type { Row, RowContext } from "./rows/row";
import { rowContext, type RowSources } from "./rows/rowContext";
import { rowItem } from "./rows/rowItem";
import { runDetails, runRow } from "./rows/runRow";
import { sandboxDetails, sandboxRow } from "./rows/sandboxRow";
import type { SandboxTreeModel } from "./sandboxTreeModel";
import { snapshotDetails, snapshotRow } from "./sections/snapshotSection";
import { tunnelNote, tunnelRow } from "./rows/tunnelRow";

export interface SandboxesTreeOptions extends RowSources {
  readonly model: SandboxTreeModel;
}

/** With this many sandboxes or fewer, each is expanded: the rows still fit on a screen. */
const MAX_SIZE_EXPANDED = 12;

/** Shows the model as a tree view. */
export class SandboxesTree implements TreeDataProvider<TreeNode> {
  readonly #options: SandboxesTreeOptions;
  readonly onDidChangeTreeData;

  constructor(options: SandboxesTreeOptions) {
    this.#options = options;
    this.onDidChangeTreeData = (listener: (changes: TreeNode[] | undefined) => unknown) =>
      options.model.onDidChange((changes) => listener(changes && [...changes]));
  }

  getChildren(node?: TreeNode): TreeNode[] {
    const { model } = this.#options;
    return node ? model.children(node) : model.roots;
  }

  getParent(node: TreeNode): TreeNode | undefined {
    return this.#options.model.parent(node);
  }

  getTreeItem(node: TreeNode): TreeItem {
    const item = rowItem(this.#options.model.idOf(node), this.#rowOf(node), this.#collapsibleState(node));
    const command = commandOf(node);
    if (command) item.command = command;
    return item;
  }

  resolveTreeItem(item: TreeItem, node: TreeNode): TreeItem {
    item.tooltip = tooltipOf(this.#tooltipOf(node));
    return item;
  }

  #rowOf(node: TreeNode): Row {
    const { model } = this.#options;
    switch (node.kind) {
      case "sandbox": {
        const sandbox = model.sandbox(node);
        return sandbox ? sandboxRow(sandbox, this.#context) : goneRow;
      }
      case "run": {
        const run = model.run(node);
        return run ? runRow(run, this.#context) : goneRow;
      }
      case "tunnel":
        return tunnelRow(node.tunnel);
      case "mount":
        return mountRow(node.mount);
      case "snapshot": {
        const snapshot = model.snapshot(node);
        return snapshot ? snapshotRow(snapshot, this.#context.now) : goneRow;
      }
      case "meters":
        return metersRow(model.meters(node.key).summary);
      case "meter":
        return model.meters(node.key).rows[node.index] ?? goneRow;
      case "problem":
        return problemRow(model.problem);
    }
  }

  #tooltipOf(node: TreeNode): string {
    const { model } = this.#options;
    switch (node.kind) {
      case "sandbox": {
        const sandbox = model.sandbox(node);
        return sandbox ? markdownTable(sandboxDetails(sandbox, this.#context)) : "";
      }
      case "run": {
        const run = model.run(node);
        return run ? markdownTable(runDetails(run, this.#context)) : "";
      }
      case "tunnel":
        return `${escapeMarkdown(node.tunnel.url)}\n\n${escapeMarkdown(tunnelNote(node.tunnel))}`;
      case "mount":
        return escapeMarkdown(mountRow(node.mount).spoken);
      case "snapshot": {
        const snapshot = model.snapshot(node);
        return snapshot ? markdownTable(snapshotDetails(snapshot, this.#context.now)) : "";
      }
      case "meters":
      case "meter":
        return escapeMarkdown(this.#rowOf(node).spoken);
      case "problem":
        return escapeMarkdown(model.problem ?? "");
    }
  }

  #collapsibleState(node: TreeNode): TreeItemCollapsibleState {
    const { model } = this.#options;
    // A sandbox is measured only while its meters are expanded.
    if (node.kind === "meters") return TreeItemCollapsibleState.Collapsed;
    if (model.children(node).length === 0) return TreeItemCollapsibleState.None;
    return model.size > MAX_SIZE_EXPANDED ? TreeItemCollapsibleState.Collapsed : TreeItemCollapsibleState.Expanded;
  }

  get #context(): RowContext {
    return rowContext(this.#options);
  }
}

/** Returns the command that a click runs. */
function commandOf(node: TreeNode): Command | undefined {
  switch (node.kind) {
    case "sandbox":
    case "mount":
    case "snapshot":
    case "meters":
    case "meter":
      return undefined;
    case "tunnel":
      return { command: "modalSandboxes.openTunnel", title: "Open Tunnel URL", arguments: [node] };
    case "run":
      return { command: "modalSandboxes.showRun", title: "Show Run", arguments: [node] };
    case "problem":
      return { command: "modalSandboxes.refreshSandboxes", title: "Refresh Sandboxes" };
  }
}

/** Shown for a node that VS Code still asks about after it was removed from the model. */
const goneRow: Row = {
  label: "Gone",
  description: "",
  icon: { id: "circle-slash" },
  contextValue: "gone",
  spoken: "Gone",
};
