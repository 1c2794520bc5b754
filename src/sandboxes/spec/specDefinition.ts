import type { SandboxSpec } from "../../modal/spec";

/** A spec as the user writes it: it names files and packages, while the spec itself has their contents. */
export interface SpecDefinition extends Omit<SandboxSpec, "image"> {
  readonly image: ImageSource;
  /** Python packages in pip's syntax. */
  readonly packages: readonly string[];
  /** Debian packages. */
  readonly aptPackages: readonly string[];
}

/** The source of an image. Paths are relative to the folder. */
export type ImageSource =
  | { readonly kind: "registry"; readonly reference: string }
  | { readonly kind: "dockerfile"; readonly path: string }
  | {
      readonly kind: "requirements" | "pyproject";
      readonly path: string;
      /** A registry image that has Python. */
      readonly base: string;
    };

/** The default base of images with Python packages. */
export const DEFAULT_BASE_IMAGE = "python:3.12-slim";
