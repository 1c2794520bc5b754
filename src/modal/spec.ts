import type { GpuRequest } from "./gpus";

/** What a sandbox is asked to be. Lifetime and idle limit are never left out: a forgotten sandbox must end by itself. */
export interface SandboxSpec {
  /** `undefined` is a sandbox without a GPU. */
  readonly gpu: GpuRequest | undefined;
  /** What to offer instead, best first, where that GPU is not to be had. Nothing is swapped unasked. */
  readonly gpuFallback: readonly GpuRequest[];
  readonly image: ImageRecipe;
  /** Physical cores reserved. */
  readonly cpu: number;
  readonly memoryMiB: number;
  /** Whole seconds, at most a day. */
  readonly timeoutMs: number;
  /** Whole seconds. */
  readonly idleTimeoutMs: number;
  /** Ports that get a tunnel; they cannot be added later. */
  readonly ports: readonly number[];
  readonly volumes: readonly VolumeMount[];
  /** Names of secrets, whose values become environment variables; a later one wins. */
  readonly secrets: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Empty: wherever there is room, which costs least. */
  readonly regions: readonly string[];
  readonly network: NetworkAccess;
}

export interface VolumeMount {
  /** Absolute, unique in a sandbox. */
  readonly path: string;
  /** The volume's name. */
  readonly volume: string;
  readonly isReadOnly: boolean;
}

/** What a sandbox may reach. Blocked, it can have no ports either. */
export type NetworkAccess =
  | { readonly kind: "open" }
  | { readonly kind: "blocked" }
  | { readonly kind: "allowlist"; readonly cidrs: readonly string[]; readonly domains: readonly string[] };

/** How an image is made: layers upon each other, each cached by its commands and by all that is below it. */
export interface ImageRecipe {
  /** How people call it: `python:3.12-slim`, `requirements.txt`. */
  readonly label: string;
  /** The first begins with its own `FROM`; each later one stands upon the one before. */
  readonly layers: readonly [ImageLayer, ...ImageLayer[]];
}

export interface ImageLayer {
  /** What it does, in the words of whoever asked for it. */
  readonly title: string;
  /** Dockerfile instructions. */
  readonly commands: readonly string[];
}

export const registryImage = (reference: string): ImageRecipe => ({
  label: reference,
  layers: [{ title: `FROM ${reference}`, commands: [`FROM ${reference}`] }],
});
