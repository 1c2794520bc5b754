import type { ControlPlane } from "../protocol/messages";
import type { Credentials } from "../protocol/credentials";

export const WORKSPACE = "local";

/** Who is calling, and what kind of backend this is. */
export const accessService = (credentials: Credentials, notices: readonly string[]): ControlPlane => ({
  authTokenGet: () => Promise.resolve({ token: credentials.authToken() }),
  // The isolation is told here: the SDK never says hello, so a client that wants to know does.
  clientHello: () => Promise.resolve({ serverWarnings: notices.map((message) => ({ message })) }),
  tokenInfoGet: () =>
    Promise.resolve({
      tokenId: credentials.tokenId,
      tokenName: WORKSPACE,
      workspaceId: "ac-local",
      workspaceName: WORKSPACE,
    }),
  workspaceNameLookup: () => Promise.resolve({ workspaceName: WORKSPACE, username: WORKSPACE }),
});
