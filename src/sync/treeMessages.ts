import type { RootProblem } from "./folderRoot";
import type { SkippedEntry } from "./folderEntry";
import type { PackProgress } from "./pack";

/** What the worker is started with. */
export interface TreeRequest {
  readonly root: string;
}

/** From the worker, in this order: `scanned`, any number of `block`, `end`; or `refused` first and alone. */
export type TreeMessage =
  | { readonly kind: "refused"; readonly problem: RootProblem }
  | { readonly kind: "scanned"; readonly files: number; readonly bytes: number }
  | { readonly kind: "block"; readonly bytes: Uint8Array; readonly progress: Readonly<PackProgress> }
  | {
      readonly kind: "end";
      readonly files: number;
      readonly bytes: number;
      readonly skipped: readonly SkippedEntry[];
    };

/** How many blocks the worker may have sent that the host has not taken. Each message to the worker allows one more. */
export const CREDITS = 8;
