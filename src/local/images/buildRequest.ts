import type { Isolation } from "../base/isolation";
import type { ImageStore, LocalImage } from "./images";
import type { LayerStore } from "./layers";
import type { RegistryHost } from "./registryImage";

export interface BuildRequest {
  readonly commands: readonly string[];
  readonly base: LocalImage | undefined;
  readonly secretEnv: Readonly<Record<string, string>>;
  /** True to build even if an image from the same commands exists. */
  readonly force: boolean;
}

export interface BuilderOptions {
  readonly isolation: Isolation;
  readonly images: ImageStore;
  readonly layers: LayerStore;
  readonly host: RegistryHost;
  /** The environment of every program in a sandbox. */
  readonly baseEnv: Readonly<Record<string, string>>;
}
