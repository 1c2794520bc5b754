import type { GpuRequest } from "../modal/gpus";
import type { EndReason } from "../modal/rpc";
import type { CreateStep } from "../modal/sandboxes";
import type { VolumeMount } from "../modal/spec";
import type { Tunnel } from "../modal/tunnels";

import type { GivenGpu } from "./metrics/givenGpu";
import { MAX_LIFETIME_MS } from "./spec/reading";

/** One sandbox as the extension knows it. Immutable: a change is another record under the same key. */
export interface Sandbox {
  /** The name of one that was created here, else the id: it never changes, so views can hold on to it. */
  readonly key: string;
  readonly name: string;
  readonly gpu: GpuRequest | undefined;
  /** What it turned out to have, once it was asked. */
  readonly givenGpu?: GivenGpu;
  /** Absent where the server does not say. */
  readonly image: string | undefined;
  readonly cpu: number | undefined;
  readonly memoryMiB: number | undefined;
  readonly timeoutMs: number;
  readonly idleTimeoutMs: number | undefined;
  /** The ports that were asked for; their tunnels come with the running phase. */
  readonly ports: readonly number[];
  /** Known only where it was made here, as are the regions. */
  readonly volumes?: readonly VolumeMount[];
  /** What it is pinned to; empty where it may be anywhere. */
  readonly regions?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Where the server says that it is. */
  readonly placement: readonly string[];
  /** Whose it is, where the extension made it. */
  readonly origin: Origin | undefined;
  readonly holder: Holder;
  readonly phase: SandboxPhase;
}

/** What the tags of a sandbox say about its making, so that a later window can use it again. */
export interface Origin {
  /** Digest of the spec that it was created with. */
  readonly specId: string;
  /** Digest of the folder that it was created for. */
  readonly folderId: string;
}

/**
 * Who answers for a sandbox: a window of this installation that lives, `nobody` where the window that made it is gone, or
 * somebody `elsewhere`, whose it stays.
 */
export type Holder = "thisWindow" | "otherWindow" | "nobody" | "elsewhere";

/** Each phase carries what exists only then. Times are milliseconds since the epoch. */
export type SandboxPhase =
  | {
      readonly kind: "creating";
      readonly step: CreateStep;
      /** When the step began, where that was seen. */
      readonly since?: number;
      /** Known only for one that somebody else creates: our own create brings it when it is over. */
      readonly id?: string;
    }
  | {
      readonly kind: "running";
      readonly id: string;
      readonly startedAt: number;
      readonly tunnels: readonly Tunnel[];
    }
  /** Its files are being kept, before it is terminated. */
  | { readonly kind: "pausing"; readonly id: string }
  /** The server has only its files. */
  | {
      readonly kind: "paused";
      readonly imageId: string;
      readonly pausedAt: number;
      /** When Modal deletes them. */
      readonly expiresAt?: number;
    }
  | { readonly kind: "stopping"; readonly id: string }
  | { readonly kind: "ended"; readonly reason: EndReason; readonly endedAt: number };

export type RunningSandbox = Sandbox & { readonly phase: Extract<SandboxPhase, { kind: "running" }> };

export type CreatingSandbox = Sandbox & { readonly phase: Extract<SandboxPhase, { kind: "creating" }> };

export const isRunning = (sandbox: Sandbox): sandbox is RunningSandbox => sandbox.phase.kind === "running";

/** One that this installation made, and that costs money while nobody answers for it. */
export const isOrphan = ({ holder, phase }: Sandbox): boolean =>
  holder === "nobody" && (phase.kind === "running" || phase.kind === "creating");

/** The id that the server gave, once it has. */
export const sandboxIdOf = ({ phase }: Sandbox): string | undefined => ("id" in phase ? phase.id : undefined);

/** Until its lifetime is over; `undefined` where it has no end. */
export const timeLeftMs = ({ timeoutMs, phase }: RunningSandbox, now: number): number | undefined =>
  timeoutMs > 0 ? phase.startedAt + timeoutMs - now : undefined;

/** The part of `ms` milliseconds that it can have lived: this machine may have slept, or its clock been set. */
export const livedWithin = ({ timeoutMs }: Pick<Sandbox, "timeoutMs">, ms: number): number =>
  Math.max(0, Math.min(ms, timeoutMs > 0 ? timeoutMs : MAX_LIFETIME_MS));

/** From each phase to those that may follow it. */
export const legalTransitions: Record<SandboxPhase["kind"], readonly SandboxPhase["kind"][]> = {
  creating: ["creating", "running", "stopping", "ended"],
  running: ["running", "pausing", "stopping", "ended"],
  pausing: ["running", "stopping", "ended"],
  paused: [],
  stopping: ["creating", "running", "pausing", "ended"],
  ended: [],
};
