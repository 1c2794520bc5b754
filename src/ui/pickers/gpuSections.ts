import { QuickPickItemKind, type QuickPickItem } from "vscode";
import { isBroken, type BrokenSpec } from "./brokenSpec";
import type { GpuLine } from "./gpuItems";

/** A row in a list of named specs and GPUs. */
export type Section<T extends GpuLine> = T | BrokenSpec | Heading;

interface Heading extends QuickPickItem {
  readonly kind: QuickPickItemKind.Separator;
}

/** Puts the named specs first; without any, returns the GPUs alone. */
export function sections<T extends GpuLine>(lines: readonly T[], broken: readonly BrokenSpec[]): Section<T>[] {
  const specs = [...lines.filter(({ spec }) => spec !== undefined), ...broken];
  const gpus = lines.filter(({ spec }) => spec === undefined);
  return specs.length > 0 ? [heading("specs"), ...specs, heading("GPUs"), ...gpus] : gpus;
}

export const isLine = <T extends GpuLine>(item: Section<T>): item is T => !("kind" in item) && !isBroken(item);

const heading = (label: string): Heading => ({ label, kind: QuickPickItemKind.Separator });
