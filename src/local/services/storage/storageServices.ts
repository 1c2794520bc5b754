import type { ImageBuilder } from "../../images/imageBuilder";
import type { ControlPlane } from "../../protocol/messages";
import type { Stores } from "../../stores";
import { blobsService } from "./blobs";
import { imagesService } from "./images";
import { queuesService } from "./queues";
import { secretsService } from "./secrets";
import { volumesService } from "./volumes";

interface StorageOptions {
  readonly builder: ImageBuilder;
  readonly blobsUrl: string;
}

export const storageServices = (
  { images, secrets, volumes, queues, blobs, environments }: Stores,
  { builder, blobsUrl }: StorageOptions,
): ControlPlane => ({
  ...imagesService({ images, builder, secrets }),
  ...secretsService(secrets, environments),
  ...volumesService(volumes, environments),
  ...queuesService(queues, environments),
  ...blobsService(blobs, blobsUrl),
});
