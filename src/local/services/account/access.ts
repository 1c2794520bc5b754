import type { ControlPlane } from "../../protocol/messages";
import type { Credentials } from "../../account/credentials";

export const WORKSPACE = "local";

/** A message for the user. `type` is Modal's `WarningType`. */
export interface Notice {
  readonly type: 0 | typeof RESOURCE_LIMIT;
  readonly message: string;
}

/** `WARNING_TYPE_RESOURCE_LIMIT`: the sandbox does not get the requested resources. */
export const RESOURCE_LIMIT = 2;

/** The caller's identity, and the kind of this backend. */
export const accessService = (credentials: Credentials, notices: readonly Notice[]): ControlPlane => ({
  authTokenGet: () => Promise.resolve({ token: credentials.authToken() }),
  // The SDK never sends this call, so a client that wants to know the isolation sends it itself.
  clientHello: () => Promise.resolve({ serverWarnings: [...notices] }),
  tokenInfoGet: () =>
    Promise.resolve({
      tokenId: credentials.tokenId,
      tokenName: WORKSPACE,
      workspaceId: "ac-local",
      workspaceName: WORKSPACE,
    }),
  workspaceNameLookup: () => Promise.resolve({ workspaceName: WORKSPACE, username: WORKSPACE }),
});
