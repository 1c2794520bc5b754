import type { GpuRequest } from "./gpus";

/** The description of a sandbox. Lifetime and idle limit are mandatory, so that a forgotten sandbox ends by itself. */
export interface SandboxSpec {
  /** `undefined` for a sandbox without a GPU. */
  readonly gpu: GpuRequest | undefined;
  /** GPUs to offer if that one is unavailable, best first. The user is always asked. */
  readonly gpuFallback: readonly GpuRequest[];
  readonly image: ImageRecipe;
  /** Physical cores reserved. */
  readonly cpu: number;
  readonly memoryMiB: number;
  /** Whole seconds, at most a day. */
  readonly timeoutMs: number;
  /** Whole seconds. */
  readonly idleTimeoutMs: number;
  /** Ports that get a tunnel. They cannot be added later. */
  readonly ports: readonly number[];
  readonly volumes: readonly VolumeMount[];
  /** Names of secrets, whose values become environment variables. Later ones override earlier ones. */
  readonly secrets: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Empty: any region, which is cheapest. */
  readonly regions: readonly string[];
  readonly network: NetworkAccess;
}

export interface VolumeMount {
  /** An absolute path, unique in a sandbox. */
  readonly path: string;
  /** The volume's name. */
  readonly volume: string;
  readonly isReadOnly: boolean;
}

/** The network access of a sandbox. A blocked sandbox cannot have ports either. */
export type NetworkAccess =
  | { readonly kind: "open" }
  | { readonly kind: "blocked" }
  | { readonly kind: "allowlist"; readonly cidrs: readonly string[]; readonly domains: readonly string[] };

/** The layers of an image, bottom first. Modal caches each by its commands and the layers below it. */
export interface ImageRecipe {
  /** The name for display: `python:3.12-slim`, `requirements.txt`. */
  readonly label: string;
  /** The first one begins with its own `FROM`. Each later one builds on the one before. */
  readonly layers: readonly [ImageLayer, ...ImageLayer[]];
}

export interface ImageLayer {
  /** The purpose of the layer, for display. */
  readonly title: string;
  /** Dockerfile instructions. */
  readonly commands: readonly string[];
}

export const registryImage = (reference: string): ImageRecipe => ({
  label: reference,
  layers: [{ title: `FROM ${reference}`, commands: [`FROM ${reference}`] }],
});
