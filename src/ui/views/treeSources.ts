import type { Event } from "../../base/event";
import type { Run } from "../../run/run";
import type { Sandbox } from "../../sandboxes/sandbox";
import type { SandboxChange } from "../../sandboxes/sandboxStore";
import type { Snapshot } from "../../sandboxes/snapshots/snapshots";
import type { Row } from "./rows/row";

export interface SandboxSource {
  /** Newest first. */
  readonly all: readonly Sandbox[];
  readonly onDidChangeSandboxes: Event<SandboxChange>;
  get(key: string): Sandbox | undefined;
  findById(id: string): Sandbox | undefined;
}

export interface RunSource {
  /** Newest last. */
  readonly runs: readonly Run[];
  readonly onDidChangeRun: Event<Run>;
}

export interface SnapshotSource {
  /** Newest first. */
  readonly known: readonly Snapshot[];
  /** The names of the sandboxes whose snapshots are other ones. */
  readonly onDidChangeSnapshots: Event<readonly string[]>;
}

export interface MeterSource {
  /** In a few words, and a row for each thing that is measured. */
  metersOf(key: string): { readonly summary: string; readonly rows: readonly Row[] };
  /** The key of the sandbox whose meters say something else. */
  readonly onDidChangeMetrics: Event<string>;
}
