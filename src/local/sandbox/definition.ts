import type { Request } from "../protocol/messages";

/** A client's request for a sandbox. */
export type Definition = NonNullable<Request<"sandboxCreate">["definition"]>;

/** The part of a definition that concerns one container. Fields that a sidecar's definition lacks are optional. */
export type ContainerDefinition = Pick<
  Definition,
  "entrypointArgs" | "imageId" | "workdir" | "networkAccess" | "ptyInfo" | "volumeMounts" | "cloudBucketMounts"
> &
  Partial<Pick<Definition, "blockNetwork" | "inboundCidrAllowlist" | "resources" | "experimentalOptionsV2">>;
