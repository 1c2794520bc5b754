import { posix } from "node:path";
import { plural } from "../../base/format";
import { quote } from "../../base/quote";
import { registryImage, type ImageLayer, type ImageRecipe } from "../../modal/spec";
import { madeFrom, missingFile, type ReadFile } from "./buildFiles";
import { dockerfileLayers } from "./dockerfile";
import { requirementsFiles } from "./requirements";
import type { ImageSource, SpecDefinition } from "./specDefinition";

/** The folder in the image with the files that it was built from. */
const FOLDER = "/opt/modal-sandboxes";

/**
 * The bytes of a file per instruction. Builders refuse lines longer than 64 KiB. Three bytes become four characters.
 */
const PART_BYTES = 3 * 8 * 1024;

/** Runs pip as root in an image, without a cache and without advice for users. */
const PIP =
  "PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 python3 -m pip install";

const UV_INSTALL = "uv pip install --system --break-system-packages --no-cache";

/**
 * Returns the instructions that build the image of a definition. They include the contents of files, so a changed file
 * makes a different image.
 */
export async function imageRecipe(
  { image, packages, aptPackages }: Pick<SpecDefinition, "image" | "packages" | "aptPackages">,
  read: ReadFile,
): Promise<ImageRecipe> {
  const { label, base, own } = await foundation(image, read);
  const added = packages.length + aptPackages.length;
  return {
    label: added > 0 ? `${label} + ${plural(added, "package")}` : label,
    layers: [...base, ...debianLayer(aptPackages), ...own, ...packagesLayer(packages)],
  };
}

/** The layers below the Debian packages, and those above. */
interface Foundation {
  readonly label: string;
  readonly base: ImageRecipe["layers"];
  readonly own: readonly ImageLayer[];
}

async function foundation(image: ImageSource, read: ReadFile): Promise<Foundation> {
  switch (image.kind) {
    case "registry":
      return { label: image.reference, base: registryImage(image.reference).layers, own: [] };
    case "dockerfile":
      return { label: image.path, base: dockerfileLayers(await required(image.path, read), image.path), own: [] };
    case "requirements":
      return {
        label: image.path,
        base: registryImage(image.base).layers,
        own: [requirementsLayer(image.path, await requirementsFiles(image.path, read))],
      };
    case "pyproject":
      return {
        label: image.path,
        base: registryImage(image.base).layers,
        own: await projectLayers(image.path, read),
      };
  }
}

const requirementsLayer = (path: string, files: ReadonlyMap<string, string>): ImageLayer => ({
  title: `Installing ${path}`,
  commands: [
    ...writeFiles(files),
    `RUN cd ${placeOf(posix.dirname(path))} && ${PIP} -r ${quote(posix.basename(path))}`,
  ],
});

async function projectLayers(path: string, read: ReadFile): Promise<ImageLayer[]> {
  const lockPath = posix.join(posix.dirname(path), "uv.lock");
  const lock = await read(lockPath, madeFrom(lockPath));
  const files = new Map([
    [path, await required(path, read)],
    ...(lock === undefined ? [] : [[lockPath, lock] as const]),
  ]);
  const install =
    lock === undefined
      ? `${UV_INSTALL} -r ${quote(posix.basename(path))}`
      : `uv export --frozen --no-emit-project --no-hashes --quiet --output-file locked.txt && ${UV_INSTALL} -r locked.txt`;
  return [
    { title: "Installing uv", commands: [`RUN ${PIP} uv`] },
    {
      title: `Installing ${[...files.keys()].reverse().join(" of ")}`,
      commands: [...writeFiles(files), `RUN cd ${placeOf(posix.dirname(path))} && ${install}`],
    },
  ];
}

const debianLayer = (names: readonly string[]): ImageLayer[] =>
  names.length === 0
    ? []
    : [
        {
          title: `Installing Debian packages ${names.join(", ")}`,
          commands: [
            `RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${names.join(" ")} && rm -rf /var/lib/apt/lists/*`,
          ],
        },
      ];

const packagesLayer = (names: readonly string[]): ImageLayer[] =>
  names.length === 0
    ? []
    : [{ title: `Installing ${names.join(", ")}`, commands: [`RUN ${PIP} ${names.map(quote).join(" ")}`] }];

/**
 * Returns commands that contain the files, because the SDK sends no files with a build. The encoding is safe in any
 * shell.
 */
const writeFiles = (files: ReadonlyMap<string, string>): string[] =>
  [...files].flatMap(([path, text]) => {
    const target = placeOf(path);
    const parts = partsOf(Buffer.from(text));
    return parts.map((part, index) =>
      index === 0
        ? `RUN mkdir -p ${placeOf(posix.dirname(path))} && printf %s ${part} | base64 -d > ${target}`
        : `RUN printf %s ${part} | base64 -d >> ${target}`,
    );
  });

function partsOf(bytes: Buffer): string[] {
  const count = Math.max(1, Math.ceil(bytes.length / PART_BYTES));
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * PART_BYTES, (index + 1) * PART_BYTES).toString("base64"),
  );
}

const placeOf = (path: string) => quote(posix.join(FOLDER, path));

async function required(path: string, read: ReadFile): Promise<string> {
  const text = await read(path, madeFrom(path));
  if (text === undefined) throw missingFile(path);
  return text;
}
