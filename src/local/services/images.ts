import type { ImageStore } from "../model/images";
import { resultStatus } from "../model/sandboxResult";
import type { SecretStore } from "../model/secrets";
import { invalidArgument, notFound } from "../protocol/errors";
import type { ControlPlane } from "../protocol/messages";

const EPHEMERAL = 5;

export const imagesService = (images: ImageStore): ControlPlane => ({
  async imageGetOrCreate({ image }) {
    const baseImageId = image?.baseImages[0]?.imageId;
    if (baseImageId !== undefined && !images.get(baseImageId)) throw unknownImage(baseImageId);
    const build = images.build(image?.dockerfileCommands ?? [], baseImageId);
    const result =
      build.kind === "built"
        ? { status: resultStatus.success }
        : { status: resultStatus.failure, exception: build.reason, exitcode: 1 };
    return Promise.resolve({ imageId: build.id, result });
  },

  async imageFromId({ imageId }) {
    if (!images.get(imageId)) throw unknownImage(imageId);
    return Promise.resolve({ imageId });
  },

  async imageDelete({ imageId }) {
    if (!images.delete(imageId)) throw notFound(`No Image with ID ${imageId} found.`);
    return Promise.resolve({});
  },
});

export const secretsService = (secrets: SecretStore): ControlPlane => ({
  async secretGetOrCreate({ deploymentName, envDict, objectCreationType }) {
    if (objectCreationType !== EPHEMERAL) throw notFound(`Secret '${deploymentName}' not found`);
    const unnamed = Object.keys(envDict).find((key) => !/^[A-Za-z_]\w*$/.test(key));
    if (unnamed !== undefined) throw invalidArgument(`"${unnamed}" is not a name for an environment variable.`);
    return Promise.resolve({ secretId: secrets.create(envDict) });
  },
});

export const unknownImage = (id: string) => notFound(`Could not find image with ID ${id}`);
