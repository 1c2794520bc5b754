import type { ModalClient } from "modal";
import { translated } from "./errors";

export interface LayerRequest {
  readonly appId: string;
  readonly commands: readonly string[];
  /** The id of the image that `FROM base` refers to. `undefined` for a first layer. */
  readonly base: string | undefined;
  readonly builderVersion: string;
}

/** The outcome of a build. */
export type LayerOutcome = { readonly kind: "built" } | { readonly kind: "failed"; readonly reason: string };

export interface StartedLayer {
  readonly imageId: string;
  /** `undefined` while the layer is being built. */
  readonly outcome: LayerOutcome | undefined;
}

/** How long one call follows a build before the next one takes over, in seconds. Below a minute, as in the SDK. */
const FOLLOW_S = 55;

/** Requests one layer, as the SDK's own build does. Modal reuses an image with the same commands on the same base. */
export async function startLayer(
  client: ModalClient,
  { appId, commands, base, builderVersion }: LayerRequest,
  signal: AbortSignal,
): Promise<StartedLayer> {
  const baseImages = base === undefined ? [] : [{ dockerTag: "base", imageId: base }];
  const { imageId, result } = await translated(
    client.cpClient.imageGetOrCreate(
      { appId, builderVersion, image: { dockerfileCommands: [...commands], baseImages } },
      { signal },
    ),
  );
  return { imageId, outcome: outcomeOf(result) };
}

/** Follows the build of a layer to its end, with the log that the SDK leaves out. */
export async function followLayer(
  client: ModalClient,
  imageId: string,
  onOutput: (text: string) => void,
  signal: AbortSignal,
): Promise<LayerOutcome> {
  let lastEntryId = "";
  for (;;) {
    const entries = client.cpClient.imageJoinStreaming({ imageId, timeout: FOLLOW_S, lastEntryId }, { signal });
    for await (const { entryId, taskLogs, result } of entries) {
      if (entryId) lastEntryId = entryId;
      for (const { data } of taskLogs) if (data) onOutput(data);
      const outcome = outcomeOf(result);
      if (outcome) return outcome;
    }
  }
}

/** Messages for the values of `GenericResult.GenericStatus` other than 1, which is success. */
const reasons: Record<number, string> = {
  3: "Modal stopped the build. Try again.",
  4: "The build took too long.",
};

function outcomeOf(
  result: { readonly status: number; readonly exception: string } | undefined,
): LayerOutcome | undefined {
  if (!result?.status) return undefined;
  if (result.status === 1) return { kind: "built" };
  return { kind: "failed", reason: result.exception || (reasons[result.status] ?? "Modal does not say why.") };
}
