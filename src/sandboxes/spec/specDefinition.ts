import type { SandboxSpec } from "../../modal/spec";

/** A spec as it is written down: it names files and packages where the spec itself has what they say. */
export interface SpecDefinition extends Omit<SandboxSpec, "image"> {
  readonly image: ImageSource;
  /** Python packages, as pip takes them. */
  readonly packages: readonly string[];
  /** Debian packages. */
  readonly aptPackages: readonly string[];
}

/** Where an image comes from. Paths are relative to the folder. */
export type ImageSource =
  | { readonly kind: "registry"; readonly reference: string }
  | { readonly kind: "dockerfile"; readonly path: string }
  | {
      readonly kind: "requirements" | "pyproject";
      readonly path: string;
      /** A registry image with Python. */
      readonly base: string;
    };

/** What images with Python packages stand on where nothing else is said. */
export const DEFAULT_BASE_IMAGE = "python:3.12-slim";
