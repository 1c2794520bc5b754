import { DisposableStore, type Disposable } from "../../base/disposable";
import type { Event } from "../../base/event";
import type { VolumeMount } from "../../modal/spec";
import type { Tunnel } from "../../modal/tunnels";
import type { Run } from "../../run/run";
import { isOrphan, isRunning, type Sandbox } from "../../sandboxes/sandbox";
import type { SandboxChange } from "../../sandboxes/sandboxStore";
import type { Snapshot } from "../../sandboxes/snapshots/snapshots";
import type { MeterSource, RunSource, SandboxSource, SnapshotSource } from "./treeSources";
import { CoalescedChanges } from "./coalescedChanges";
import type {
  MeterNode,
  MetersNode,
  MountNode,
  ProblemNode,
  RunNode,
  SandboxNode,
  SnapshotNode,
  TreeNode,
  TunnelNode,
} from "./nodes";

export interface SandboxTreeModelOptions {
  readonly sandboxes: SandboxSource;
  readonly runs: RunSource;
  readonly activity: { readonly onDidChangeActivity: Event<string> };
  readonly snapshots: SnapshotSource;
  readonly meters: MeterSource;
}

/** The number of a sandbox's runs that are shown, newest first. */
const MAX_RUNS = 10;

const REFRESH_INTERVAL_MS = 250;

/**
 * The tree's nodes, independent of VS Code. A node stays the same object for as long as it stands for the same thing.
 */
export class SandboxTreeModel implements Disposable {
  readonly #options: SandboxTreeModelOptions;
  readonly #own = new DisposableStore();
  readonly #changes = this.#own.add(new CoalescedChanges<TreeNode>(REFRESH_INTERVAL_MS));
  readonly onDidChange = this.#changes.onDidChange;
  readonly #sandboxNodes = new Map<string, SandboxNode>();
  readonly #runNodes = new WeakMap<Run, RunNode>();
  readonly #tunnelNodes = new WeakMap<Tunnel, TunnelNode>();
  readonly #mountNodes = new WeakMap<VolumeMount, MountNode>();
  readonly #snapshotNodes = new Map<string, SnapshotNode>();
  readonly #metersNodes = new Map<string, MetersNode>();
  readonly #meterNodes = new Map<string, MeterNode>();
  readonly #problemNode: ProblemNode = { kind: "problem" };
  /** The sandbox under which each run was last seen. */
  readonly #placeOfRun = new Map<string, string>();
  /** Sandboxes of closed windows, which the view of orphans shows. */
  readonly #orphans = new Set<string>();
  #runsBySandbox: ReadonlyMap<string, readonly Run[]> | undefined;
  #problem: string | undefined;
  #size: number;

  constructor(options: SandboxTreeModelOptions) {
    this.#options = options;
    this.#size = options.sandboxes.all.length;
    this.#own.add(options.sandboxes.onDidChangeSandboxes((change) => this.#onSandboxes(change)));
    this.#own.add(options.runs.onDidChangeRun((run) => this.#onRun(run)));
    this.#own.add(
      options.activity.onDidChangeActivity((id) => {
        const sandbox = options.sandboxes.findById(id);
        if (sandbox) this.#changes.add(this.#sandboxNode(sandbox.key));
      }),
    );
    this.#own.add(
      options.snapshots.onDidChangeSnapshots((names) => {
        const concerned = options.sandboxes.all.filter(({ name }) => names.includes(name));
        this.#changes.add(...concerned.map(({ key }) => this.#sandboxNode(key)));
      }),
    );
    this.#own.add(
      options.meters.onDidChangeMetrics((key) => {
        const sandbox = options.sandboxes.get(key);
        if (sandbox && isRunning(sandbox)) this.#changes.add(this.#metersNode(key));
      }),
    );
  }

  /** Why the list could not be fetched last time; the sandboxes that were already known stay visible. */
  get problem(): string | undefined {
    return this.#problem;
  }

  set problem(problem: string | undefined) {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#changes.addEverything();
  }

  /** The number of sandboxes. */
  get size(): number {
    return this.#size;
  }

  get roots(): TreeNode[] {
    const shown = this.#options.sandboxes.all.filter((sandbox) => !isOrphan(sandbox));
    const sandboxes = shown.map(({ key }) => this.#sandboxNode(key));
    return this.#problem === undefined ? sandboxes : [this.#problemNode, ...sandboxes];
  }

  children(node: TreeNode): TreeNode[] {
    if (node.kind === "meters") return this.meters(node.key).rows.map((_, index) => this.#meterNode(node.key, index));
    const sandbox = this.sandbox(node);
    if (!sandbox) return [];
    const tunnels = isRunning(sandbox) ? sandbox.phase.tunnels : [];
    return [
      ...tunnels.map((tunnel) => this.#tunnelNode(sandbox.key, tunnel)),
      ...(isRunning(sandbox) ? [this.#metersNode(sandbox.key)] : []),
      ...this.#runsOf(sandbox.key).map((run) => this.#runNode(run)),
      ...(isRunning(sandbox) ? (sandbox.volumes ?? []) : []).map((mount) => this.#mountNode(sandbox.key, mount)),
      ...this.#snapshotsOf(sandbox).map(({ imageId }) => this.#snapshotNode(sandbox.key, imageId)),
    ];
  }

  parent(node: TreeNode): SandboxNode | MetersNode | undefined {
    if (node.kind === "meter") return this.#metersNode(node.key);
    const key = "key" in node && node.kind !== "sandbox" ? node.key : this.run(node)?.sandboxKey;
    return key === undefined || !this.#options.sandboxes.get(key) ? undefined : this.#sandboxNode(key);
  }

  /** Stable for as long as the node stands for the same thing. */
  idOf(node: TreeNode): string {
    switch (node.kind) {
      case "sandbox":
        return node.key;
      case "tunnel":
        return `${node.key}/tunnel/${node.tunnel.port}`;
      case "mount":
        return `${node.key}/mount${node.mount.path}`;
      case "snapshot":
        return `${node.key}/snapshot/${node.imageId}`;
      case "meters":
        return `${node.key}/meters`;
      case "meter":
        return `${node.key}/meters/${node.index}`;
      case "run":
        return `${this.run(node)?.sandboxKey ?? ""}/run/${node.runId}`;
      case "problem":
        return "problem";
    }
  }

  sandbox(node: TreeNode): Sandbox | undefined {
    return node.kind === "sandbox" ? this.#options.sandboxes.get(node.key) : undefined;
  }

  snapshot(node: TreeNode): Snapshot | undefined {
    return node.kind === "snapshot"
      ? this.#options.snapshots.known.find(({ imageId }) => imageId === node.imageId)
      : undefined;
  }

  /** Returns the meters of the sandbox with this key. */
  meters(key: string): ReturnType<MeterSource["metersOf"]> {
    return this.#options.meters.metersOf(key);
  }

  run(node: TreeNode): Run | undefined {
    return node.kind === "run" ? this.#options.runs.runs.find(({ id }) => id === node.runId) : undefined;
  }

  /** Redraws the rows that show an age. */
  touchAges(): void {
    const running = this.#options.sandboxes.all.filter(isRunning);
    this.#changes.add(...running.map(({ key }) => this.#sandboxNode(key)));
  }

  /** Redraws the rows that show a waiting time. */
  touchWaits(): void {
    const waiting = this.#options.sandboxes.all.filter(({ phase }) => phase.kind === "creating");
    this.#changes.add(...waiting.map(({ key }) => this.#sandboxNode(key)));
  }

  dispose(): void {
    this.#own.dispose();
  }

  #onSandboxes({ added, changed, removed }: SandboxChange): void {
    this.#size += added.length - removed.length;
    for (const { key } of removed) this.#sandboxNodes.delete(key);
    const isMoved = changed.some((sandbox) => this.#orphans.has(sandbox.key) !== isOrphan(sandbox));
    for (const { key } of removed) this.#orphans.delete(key);
    for (const sandbox of [...added, ...changed])
      if (isOrphan(sandbox)) this.#orphans.add(sandbox.key);
      else this.#orphans.delete(sandbox.key);
    if (added.length + removed.length > 0 || isMoved) this.#changes.addEverything();
    else this.#changes.add(...changed.map(({ key }) => this.#sandboxNode(key)));
  }

  #onRun(run: Run): void {
    this.#runsBySandbox = undefined;
    const before = this.#placeOfRun.get(run.id);
    if (run.sandboxKey === before) {
      if (before !== undefined) this.#changes.add(this.#runNode(run));
      return;
    }
    if (run.sandboxKey !== undefined) this.#placeOfRun.set(run.id, run.sandboxKey);
    const places = [before, run.sandboxKey].flatMap((key) => (key === undefined ? [] : [key]));
    this.#changes.add(...places.filter((key) => this.#options.sandboxes.get(key)).map((key) => this.#sandboxNode(key)));
  }

  /** Newest first. */
  #runsOf(key: string): readonly Run[] {
    this.#runsBySandbox ??= groupBySandbox(this.#options.runs.runs);
    return this.#runsBySandbox.get(key) ?? [];
  }

  /** Newest first, without the snapshot that a paused sandbox resumes from. */
  #snapshotsOf({ name, phase }: Sandbox): readonly Snapshot[] {
    const own = phase.kind === "paused" ? phase.imageId : undefined;
    return this.#options.snapshots.known.filter(({ sandboxName, imageId }) => sandboxName === name && imageId !== own);
  }

  #sandboxNode(key: string): SandboxNode {
    return cached(this.#sandboxNodes, key, () => ({ kind: "sandbox", key }));
  }

  #runNode(run: Run): RunNode {
    return cached(this.#runNodes, run, () => ({ kind: "run", runId: run.id }));
  }

  #mountNode(key: string, mount: VolumeMount): MountNode {
    return cached(this.#mountNodes, mount, () => ({ kind: "mount", key, mount }));
  }

  #snapshotNode(key: string, imageId: string): SnapshotNode {
    return cached(this.#snapshotNodes, `${key} ${imageId}`, () => ({ kind: "snapshot", key, imageId }));
  }

  #metersNode(key: string): MetersNode {
    return cached(this.#metersNodes, key, () => ({ kind: "meters", key }));
  }

  #meterNode(key: string, index: number): MeterNode {
    return cached(this.#meterNodes, `${key} ${index}`, () => ({ kind: "meter", key, index }));
  }

  #tunnelNode(key: string, tunnel: Tunnel): TunnelNode {
    return cached(this.#tunnelNodes, tunnel, () => ({ kind: "tunnel", key, tunnel }));
  }
}

function groupBySandbox(runs: readonly Run[]): ReadonlyMap<string, readonly Run[]> {
  const groups = new Map<string, Run[]>();
  for (const run of [...runs].reverse()) {
    if (run.sandboxKey === undefined) continue;
    const group = cached(groups, run.sandboxKey, () => []);
    if (group.length < MAX_RUNS) group.push(run);
  }
  return groups;
}

interface Cache<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): unknown;
}

function cached<K, V>(cache: Cache<K, V>, key: K, make: () => V): V {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  return made;
}
