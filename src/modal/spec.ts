import type { GpuRequest } from "./gpus";

/** What a sandbox is asked to be. Lifetime and idle limit are never left out: a forgotten sandbox must end by itself. */
export interface SandboxSpec {
  /** `undefined` is a sandbox without a GPU. */
  readonly gpu: GpuRequest | undefined;
  /** A registry reference such as `python:3.12-slim`. */
  readonly image: string;
  /** Physical cores reserved. */
  readonly cpu: number;
  readonly memoryMiB: number;
  /** Whole seconds, at most a day. */
  readonly timeoutMs: number;
  /** Whole seconds. */
  readonly idleTimeoutMs: number;
  /** Ports that get a tunnel; they cannot be added later. */
  readonly ports: readonly number[];
}
