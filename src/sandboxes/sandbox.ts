import type { GpuRequest } from "../modal/gpus";
import type { EndReason } from "../modal/rpc";
import type { Tunnel } from "../modal/tunnels";

/** One sandbox as the extension knows it. Immutable: a change is another record under the same key. */
export interface Sandbox {
  /** The name of one that was created here, else the id: it never changes, so views can hold on to it. */
  readonly key: string;
  readonly name: string;
  readonly gpu: GpuRequest | undefined;
  /** Absent where the server does not say. */
  readonly image: string | undefined;
  readonly cpu: number | undefined;
  readonly memoryMiB: number | undefined;
  readonly timeoutMs: number;
  readonly idleTimeoutMs: number | undefined;
  /** The ports that were asked for; their tunnels come with the running phase. */
  readonly ports: readonly number[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly regions: readonly string[];
  /** Whose it is, where the extension made it. */
  readonly origin: Origin | undefined;
  readonly phase: SandboxPhase;
}

/** What the tags of a sandbox say about its making, so that a later window can use it again. */
export interface Origin {
  /** Digest of the spec that it was created with. */
  readonly specId: string;
  /** Digest of the folder that it was created for. */
  readonly folderId: string;
}

/** Each phase carries what exists only then. Times are milliseconds since the epoch. */
export type SandboxPhase =
  | {
      readonly kind: "creating";
      readonly step: "image" | "queued";
      /** Known only for one that somebody else creates: our own create brings it when it is over. */
      readonly id?: string;
    }
  | {
      readonly kind: "running";
      readonly id: string;
      readonly startedAt: number;
      readonly tunnels: readonly Tunnel[];
    }
  | { readonly kind: "stopping"; readonly id: string }
  | { readonly kind: "ended"; readonly reason: EndReason; readonly endedAt: number };

export type RunningSandbox = Sandbox & { readonly phase: Extract<SandboxPhase, { kind: "running" }> };

export const isRunning = (sandbox: Sandbox): sandbox is RunningSandbox => sandbox.phase.kind === "running";

/** The id that the server gave, once it has. */
export const sandboxIdOf = ({ phase }: Sandbox): string | undefined => ("id" in phase ? phase.id : undefined);

/** From each phase to those that may follow it. */
export const legalTransitions: Record<SandboxPhase["kind"], readonly SandboxPhase["kind"][]> = {
  creating: ["creating", "running", "stopping", "ended"],
  running: ["running", "stopping", "ended"],
  stopping: ["creating", "running", "ended"],
  ended: [],
};
