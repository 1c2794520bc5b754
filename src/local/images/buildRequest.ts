import type { Isolation } from "../base/isolation";
import type { ImageStore, LocalImage } from "./images";
import type { LayerStore } from "./layers";
import type { RegistryHost } from "./registryImage";

export interface BuildRequest {
  readonly commands: readonly string[];
  readonly base: LocalImage | undefined;
  readonly secretEnv: Readonly<Record<string, string>>;
  /** Build it anew though there is one from the same commands. */
  readonly force: boolean;
}

export interface BuilderOptions {
  readonly isolation: Isolation;
  readonly images: ImageStore;
  readonly layers: LayerStore;
  readonly host: RegistryHost;
  /** What every program of a sandbox has in its environment. */
  readonly baseEnv: Readonly<Record<string, string>>;
}
