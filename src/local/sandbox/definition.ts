import type { Request } from "../protocol/messages";

/** What a client asks of a sandbox. */
export type Definition = NonNullable<Request<"sandboxCreate">["definition"]>;

/** A definition as far as it is about one container; what a sidecar's cannot say is optional. */
export type ContainerDefinition = Pick<
  Definition,
  "entrypointArgs" | "imageId" | "workdir" | "networkAccess" | "ptyInfo" | "volumeMounts" | "cloudBucketMounts"
> &
  Partial<Pick<Definition, "blockNetwork" | "inboundCidrAllowlist" | "resources" | "experimentalOptionsV2">>;
