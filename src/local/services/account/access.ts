import type { ControlPlane } from "../../protocol/messages";
import type { Credentials } from "../../account/credentials";

export const WORKSPACE = "local";

/** Something for the user to know; `type` is `WarningType`. */
export interface Notice {
  readonly type: 0 | typeof RESOURCE_LIMIT;
  readonly message: string;
}

/** `WARNING_TYPE_RESOURCE_LIMIT`: what a sandbox asks for is not what it gets. */
export const RESOURCE_LIMIT = 2;

/** Who is calling, and what kind of backend this is. */
export const accessService = (credentials: Credentials, notices: readonly Notice[]): ControlPlane => ({
  authTokenGet: () => Promise.resolve({ token: credentials.authToken() }),
  // The isolation is told here: the SDK never says hello, so a client that wants to know does.
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
