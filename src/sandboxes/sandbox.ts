import type { GpuRequest } from "../modal/gpus";
import type { EndReason } from "../modal/rpc";
import type { CreateStep } from "../modal/sandboxes";
import type { VolumeMount } from "../modal/spec";
import type { Tunnel } from "../modal/tunnels";

import type { GivenGpu } from "./metrics/givenGpu";
import { MAX_LIFETIME_MS } from "./spec/reading";

/** A sandbox as the extension knows it. Immutable: a change is another record with the same key. */
export interface Sandbox {
  /**
   * The name of a sandbox that was created here, or else its id. It never changes, so views can use it to identify the
   * sandbox.
   */
  readonly key: string;
  readonly name: string;
  readonly gpu: GpuRequest | undefined;
  /** The GPU that the sandbox's own tools reported. */
  readonly givenGpu?: GivenGpu;
  /** Absent if the server doesn't report it. */
  readonly image: string | undefined;
  readonly cpu: number | undefined;
  readonly memoryMiB: number | undefined;
  readonly timeoutMs: number;
  readonly idleTimeoutMs: number | undefined;
  /** The requested ports. Their tunnels are known once the sandbox is running. */
  readonly ports: readonly number[];
  /** Known only for sandboxes that were created here, as are the regions. */
  readonly volumes?: readonly VolumeMount[];
  /** The regions that the sandbox is pinned to. Empty if it may run anywhere. */
  readonly regions?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Where the sandbox runs, according to the server. */
  readonly placement: readonly string[];
  /** Absent if the sandbox was not created by the extension. */
  readonly origin: Origin | undefined;
  readonly holder: Holder;
  readonly phase: SandboxPhase;
}

/** The origin of a sandbox, stored in its tags so that a later window can reuse it. */
export interface Origin {
  /** A digest of the spec that the sandbox was created with. */
  readonly specId: string;
  /** A digest of the folder that the sandbox was created for. */
  readonly folderId: string;
}

/**
 * Who is responsible for a sandbox: an open window of this installation, `nobody` if the window that created it is
 * gone, or `elsewhere`, another machine that stays responsible.
 */
export type Holder = "thisWindow" | "otherWindow" | "nobody" | "elsewhere";

/** Each phase has the properties that exist only then. Times are in milliseconds since the epoch. */
export type SandboxPhase =
  | {
      readonly kind: "creating";
      /** "limits" while the user's limits are checked, before Modal is asked for anything. */
      readonly step: CreateStep | "limits";
      /** When the step began, if this window saw it. */
      readonly since?: number;
      /**
       * Known only for a sandbox that another window creates. This window's own create call returns the id at its end.
       */
      readonly id?: string;
    }
  | {
      readonly kind: "running";
      readonly id: string;
      readonly startedAt: number;
      readonly tunnels: readonly Tunnel[];
    }
  /** The sandbox's files are being kept before it is terminated. */
  | { readonly kind: "pausing"; readonly id: string }
  /** The server has only the sandbox's files. */
  | {
      readonly kind: "paused";
      readonly imageId: string;
      readonly pausedAt: number;
      /** When Modal will delete the files. */
      readonly expiresAt?: number;
    }
  | { readonly kind: "stopping"; readonly id: string }
  | { readonly kind: "ended"; readonly reason: EndReason; readonly endedAt: number };

export type RunningSandbox = Sandbox & { readonly phase: Extract<SandboxPhase, { kind: "running" }> };

export type CreatingSandbox = Sandbox & { readonly phase: Extract<SandboxPhase, { kind: "creating" }> };

export const isRunning = (sandbox: Sandbox): sandbox is RunningSandbox => sandbox.phase.kind === "running";

/** True for a sandbox of this installation that costs money and that no open window holds. */
export const isOrphan = ({ holder, phase }: Sandbox): boolean =>
  holder === "nobody" && (phase.kind === "running" || phase.kind === "creating");

/** Returns the server's id, once it is known. */
export const sandboxIdOf = ({ phase }: Sandbox): string | undefined => ("id" in phase ? phase.id : undefined);

/** Returns the time until the lifetime ends, `undefined` if it has no end. */
export const timeLeftMs = ({ timeoutMs, phase }: RunningSandbox, now: number): number | undefined =>
  timeoutMs > 0 ? phase.startedAt + timeoutMs - now : undefined;

/** Limits `ms` milliseconds to the lifetime: this machine may have slept, or its clock may have been set. */
export const livedWithin = ({ timeoutMs }: Pick<Sandbox, "timeoutMs">, ms: number): number =>
  Math.max(0, Math.min(ms, timeoutMs > 0 ? timeoutMs : MAX_LIFETIME_MS));

/** Maps each phase to the phases that may follow it. */
export const legalTransitions: Record<SandboxPhase["kind"], readonly SandboxPhase["kind"][]> = {
  creating: ["creating", "running", "stopping", "ended"],
  running: ["running", "pausing", "stopping", "ended"],
  pausing: ["running", "stopping", "ended"],
  paused: [],
  stopping: ["creating", "running", "pausing", "ended"],
  ended: [],
};
