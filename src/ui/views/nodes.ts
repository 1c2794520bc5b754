import type { VolumeMount } from "../../modal/spec";
import type { Tunnel } from "../../modal/tunnels";

/**
 * The elements of the sandboxes view. A command gets one as its first argument, and the whole selection as its second.
 */
export interface SandboxNode {
  readonly kind: "sandbox";
  readonly key: string;
}

export interface TunnelNode {
  readonly kind: "tunnel";
  /** The key of its sandbox. */
  readonly key: string;
  readonly tunnel: Tunnel;
}

/** A volume in a sandbox. */
export interface MountNode {
  readonly kind: "mount";
  /** The key of its sandbox. */
  readonly key: string;
  readonly mount: VolumeMount;
}

/** A snapshot of a sandbox's files. */
export interface SnapshotNode {
  readonly kind: "snapshot";
  /** The key of its sandbox. */
  readonly key: string;
  readonly imageId: string;
}

export interface RunNode {
  readonly kind: "run";
  readonly runId: string;
}

/** The meters of a sandbox, which is measured while this is expanded. */
export interface MetersNode {
  readonly kind: "meters";
  /** The key of its sandbox. */
  readonly key: string;
}

export interface MeterNode {
  readonly kind: "meter";
  /** The key of its sandbox. */
  readonly key: string;
  readonly index: number;
}

/** A row in place of a list that could not be fetched. */
export interface ProblemNode {
  readonly kind: "problem";
}

export type TreeNode =
  SandboxNode | TunnelNode | MountNode | SnapshotNode | RunNode | MetersNode | MeterNode | ProblemNode;
