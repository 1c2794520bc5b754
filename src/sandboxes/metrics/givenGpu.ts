import { formatGpu, type GpuRequest } from "../../modal/gpus";

/** The GPUs of a sandbox, as its own tools report them. */
export interface GivenGpu {
  /** Formatted for the user: `1 × NVIDIA H100 80GB HBM3`. */
  readonly text: string;
  /** True if there are fewer GPUs than requested, or their type is not one that Modal substitutes. */
  readonly isOther: boolean;
}

/** @param names one name per GPU, as `nvidia-smi` prints them; `undefined` if it could not be run */
export function compareGpu(request: GpuRequest, names: readonly string[] | undefined): GivenGpu {
  const [first] = names ?? [];
  if (!names || first === undefined) return { text: "no GPU", isOther: true };
  const isAll = names.length >= request.count && names.every((name) => isType(name, request.type));
  return { text: `${names.length} × ${first}`, isOther: !isAll };
}

export const otherGpuWarning = (request: GpuRequest, { text }: GivenGpu): string =>
  `${formatGpu(request)} was requested, but the sandbox has ${text}.`;

/** Modal may serve an H100 as an H200 and a B200 as a B300, at the requested GPU's price. */
const upgrades: Readonly<Record<string, readonly string[]>> = { H100: ["H200"], B200: ["B300"] };

function isType(name: string, type: string): boolean {
  const [model = type] = type.toUpperCase().split("-");
  const wanted = [model === "RTX" ? "RTX PRO 6000" : model, ...(upgrades[model] ?? [])];
  return wanted.some((text) => new RegExp(`\\b${text}`).test(name.toUpperCase()));
}
