import type { ModalClient } from "modal";
import { translated } from "./errors";

export interface LayerRequest {
  readonly appId: string;
  readonly commands: readonly string[];
  /** The id of the image that `FROM base` stands for; none for a first layer. */
  readonly base: string | undefined;
  readonly builderVersion: string;
}

/** How the making of an image ended. */
export type LayerOutcome = { readonly kind: "built" } | { readonly kind: "failed"; readonly reason: string };

export interface StartedLayer {
  readonly imageId: string;
  /** Absent while it is being made. */
  readonly outcome: LayerOutcome | undefined;
}

/** How long one call follows a build before the next takes over, in seconds: below a minute, as the SDK does it. */
const FOLLOW_S = 55;

/** Has one layer made, unless there is an image of the same commands on the same base: as the SDK's own build asks. */
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

/** Follows the making of a layer to its end, with the log that the SDK leaves out. */
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

/** What `GenericResult.GenericStatus` says where it is no success, which is 1. */
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
