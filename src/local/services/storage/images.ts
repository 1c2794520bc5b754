import type { ImageBuild, BuildLine, BuildResult } from "../../images/imageBuild";
import type { ImageBuilder } from "../../images/imageBuilder";
import type { ImageStore } from "../../images/images";
import { DEFAULT_ENVIRONMENT } from "../../account/environments";
import { resultStatus } from "../../sandbox/sandboxResult";
import type { SecretStore } from "../../storage/secrets";
import { failedPrecondition, invalidArgument, notFound } from "../../protocol/errors";
import type { ControlPlane } from "../../protocol/messages";
import { mergeSecrets } from "./secrets";
import { timeLimit } from "../../base/timeLimit";

export interface ImageDependencies {
  readonly images: ImageStore;
  readonly builder: ImageBuilder;
  readonly secrets: SecretStore;
}

const TAG = /^[a-z0-9][\w.-]{0,127}(?::[\w][\w.-]{0,127})?$/i;

/** Builds images, follows the builds, and publishes images under names. */
export const imagesService = ({ images, builder, secrets }: ImageDependencies): ControlPlane => ({
  async imageGetOrCreate({ image, forceBuild }, { signal }) {
    const baseId = image?.baseImages[0]?.imageId;
    const base = baseId === undefined ? undefined : images.get(baseId);
    if (baseId !== undefined && !base) throw unknownImage(baseId);
    const commands = image?.dockerfileCommands ?? [];
    const secretEnv = mergeSecrets(secrets, image?.secretIds ?? []);
    const build = builder.start({ commands, base, secretEnv, force: forceBuild });

    // A build without RUN takes no time, so the call waits for it. For others, the client follows the build.
    if (!commands.some((command) => /^\s*RUN\s/im.test(command))) await build.result.wait(signal);
    return { imageId: build.id, result: build.result.value && genericResult(build.result.value) };
  },

  async *imageJoinStreaming({ imageId, timeout, lastEntryId, includeLogsForFinished }, { signal }) {
    const build = builder.get(imageId);
    if (!build) {
      if (!images.get(imageId)) throw unknownImage(imageId);
      yield { result: genericResult({ kind: "built" }), eof: true };
      return;
    }
    if (build.result.value === undefined || includeLogsForFinished) {
      const limit = timeLimit(timeout, signal);
      try {
        const from = lastEntryId === "" ? 0 : Number(lastEntryId) + 1;
        for await (const line of build.read(from, limit.signal)) yield logEntry(line);
      } catch (error) {
        if (!limit.signal.aborted || signal.aborted) throw error;
        return;
      } finally {
        limit.dispose();
      }
    }
    if (build.result.value) yield { result: genericResult(build.result.value), eof: true };
  },

  async imageFromId({ imageId }) {
    if (!images.get(imageId)) throw unknownImage(imageId);
    return Promise.resolve({ imageId });
  },

  async imageDelete({ imageId }) {
    if (await cancel(builder.get(imageId))) return {};
    if (!images.delete(imageId)) throw notFound(`No Image with ID ${imageId} found.`);
    return {};
  },

  async imagePublish({ imageId, environmentName, tag }) {
    if (!images.get(imageId)) throw unknownImage(imageId);
    const name = readName(environmentName, tag);
    images.publish(name.environment, name.tag, imageId);
    return Promise.resolve({ imageId, revisionId: imageId });
  },

  async imageGetByTag({ environmentName, tag }) {
    const name = readName(environmentName, tag);
    const image = images.byTag(name.environment, name.tag);
    if (!image) throw notFound(`Image '${name.tag}' was not found in environment '${name.environment}'.`);
    return Promise.resolve({ imageId: image.id });
  },
});

export const unknownImage = (id: string) => notFound(`Could not find image with ID ${id}`);

/** Stops a running build. This is how an unfinished image is deleted. */
async function cancel(build: ImageBuild | undefined): Promise<boolean> {
  if (!build || build.result.value) return false;
  build.cancel();
  await build.result.wait();
  return true;
}

/** `[environment/]name[:tag]`. */
function readName(environmentName: string, reference: string): { environment: string; tag: string } {
  const parts = reference.split("/");
  const name = parts.pop() ?? "";
  if (!TAG.test(name)) throw invalidArgument(`"${reference}" is not a valid image name.`);
  if (parts.length > 1) throw failedPrecondition("The local backend has only one workspace.");
  return {
    environment: parts[0] ?? (environmentName || DEFAULT_ENVIRONMENT),
    tag: name.includes(":") ? name : `${name}:latest`,
  };
}

function genericResult(result: BuildResult) {
  switch (result.kind) {
    case "built":
      return { status: resultStatus.success };
    case "failed":
      return { status: resultStatus.failure, exception: result.reason, exitcode: 1 };
    case "cancelled":
      return { status: resultStatus.terminated, exception: "The build was canceled." };
  }
}

const DESCRIPTORS = { stdout: 1, stderr: 2, info: 3 } as const;

const logEntry = ({ index, data, stream, at }: BuildLine & { index: number }) => ({
  entryId: String(index),
  taskLogs: [
    { data, fileDescriptor: DESCRIPTORS[stream], timestamp: at, timestampNs: String(Math.round(at * 1e6) * 1000) },
  ],
});
