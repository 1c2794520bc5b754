export interface RegistryHost {
  /** In Node's notation. */
  readonly architecture: string;
  readonly hasNvidiaGpu: boolean;
}

export interface RegistryImage {
  readonly reference: string;
  readonly platform: string | undefined;
}

const REFERENCE =
  /^(?:[\w.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

/** Parses the argument of FROM. */
export function readFrom(argument: string): RegistryImage {
  const [, platform, reference = ""] = /^(?:--platform=(\S+)\s+)?([^]*?)(?:\s+AS\s+\S+)?$/i.exec(argument) ?? [];
  return { reference, platform };
}

/**
 * No registry is contacted, so every well-formed reference exists, except one whose name says that it does not
 * (`does-not-exist`, `nonexistent`). That one fails like an unknown image on Modal.
 */
export function referenceFault({ reference }: RegistryImage): string | undefined {
  if (!REFERENCE.test(reference)) return `invalid reference format: "${reference}" does not name an image.`;
  if (/does-not-exist|nonexistent/.test(reference))
    return `Image "${reference}" was not found: the repository or the tag does not exist.`;
  return undefined;
}

/** Lists what an image of this name would have and this machine lacks. */
export function shortcomings({ reference, platform }: RegistryImage, host: RegistryHost): string[] {
  const wanted = platform ?? /(?:^|[/:_-])(arm64|aarch64|arm32|armhf|ppc64le|s390x|riscv64)/.exec(reference)?.[1];
  const lines: string[] = [];
  if (wanted !== undefined && !isArchitecture(wanted, host.architecture))
    lines.push(
      `local backend: ${reference} was requested for ${wanted}; its programs are this machine's own, for ${host.architecture}.`,
    );
  if (CUDA.test(reference) && !host.hasNvidiaGpu)
    lines.push(`local backend: ${reference} includes CUDA; this machine has no NVIDIA GPU, so CUDA is unavailable.`);
  return lines;
}

const CUDA = /^(?:[\w.:-]+\/)?nvidia\/|^nvcr\.io\/|cuda|cudnn|tensorrt/;

function isArchitecture(wanted: string, own: string): boolean {
  const names: Readonly<Record<string, string>> = { amd64: "x64", x86_64: "x64", aarch64: "arm64" };
  const name = wanted.split("/")[wanted.includes("/") ? 1 : 0] ?? wanted;
  return (names[name] ?? name) === own;
}
