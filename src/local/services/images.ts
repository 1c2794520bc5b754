import type { ImageStore } from "../model/images";
import { resultStatus } from "../model/sandboxResult";
import { notFound } from "../protocol/errors";
import type { ControlPlane } from "../protocol/messages";

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

export const unknownImage = (id: string) => notFound(`Could not find image with ID ${id}`);
