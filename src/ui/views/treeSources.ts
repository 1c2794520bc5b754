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
  /** Fires the names of the sandboxes whose snapshots have changed. */
  readonly onDidChangeSnapshots: Event<readonly string[]>;
}

export interface MeterSource {
  /** A short summary, and a row for each thing that is measured. */
  metersOf(key: string): { readonly summary: string; readonly rows: readonly Row[] };
  /** Fires the key of a sandbox whose meters have changed. */
  readonly onDidChangeMetrics: Event<string>;
}
