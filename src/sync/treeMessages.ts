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
  | { readonly kind: "block"; readonly bytes: Uint8Array<ArrayBuffer>; readonly progress: Readonly<PackProgress> }
  | {
      readonly kind: "end";
      readonly files: number;
      readonly bytes: number;
      readonly skipped: readonly SkippedEntry[];
    };

/** To the worker, for each block: its memory back, and leave to send one more. */
export interface TreeReply {
  readonly taken: ArrayBuffer;
}

/** How many blocks the worker may have sent that the host has not taken. */
export const CREDITS = 8;
