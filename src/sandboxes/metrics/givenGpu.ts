import { formatGpu, type GpuRequest } from "../../modal/gpus";

/** What a sandbox's own tools say of the GPUs that it was given. */
export interface GivenGpu {
  /** For people: `1 × NVIDIA H100 80GB HBM3`. */
  readonly text: string;
  /** Whether it is fewer than were asked for, or of another type that Modal does not give in its stead. */
  readonly isOther: boolean;
}

/** @param names one for each GPU, as `nvidia-smi` prints them; `undefined` where it could not be asked */
export function compareGpu(request: GpuRequest, names: readonly string[] | undefined): GivenGpu {
  const [first] = names ?? [];
  if (!names || first === undefined) return { text: "none: there is no GPU on this machine", isOther: true };
  const isAll = names.length >= request.count && names.every((name) => isType(name, request.type));
  return { text: `${names.length} × ${first}`, isOther: !isAll };
}

export const otherGpuWarning = (request: GpuRequest, { text }: GivenGpu): string =>
  `${formatGpu(request)} was asked for, given was ${text}.`;

/** Modal may serve an H100 as an H200 and a B200 as a B300, at the price that was asked. */
const upgrades: Readonly<Record<string, readonly string[]>> = { H100: ["H200"], B200: ["B300"] };

function isType(name: string, type: string): boolean {
  const [model = type] = type.toUpperCase().split("-");
  const wanted = [model === "RTX" ? "RTX PRO 6000" : model, ...(upgrades[model] ?? [])];
  return wanted.some((text) => new RegExp(`\\b${text}`).test(name.toUpperCase()));
}
