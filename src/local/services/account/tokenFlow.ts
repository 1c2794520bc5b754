import type { TokenFlows } from "../../account/tokenFlows";
import type { Credentials } from "../../account/credentials";
import type { ControlPlane } from "../../protocol/messages";
import { WORKSPACE } from "./access";
import { within } from "../../base/timeLimit";

/** Sign-in with a browser. `url` is the address of `signInPage`. */
export const tokenFlowService = (flows: TokenFlows, credentials: Credentials, url: string): ControlPlane => ({
  tokenFlowCreate: () => {
    const { id, waitSecret, code } = flows.create();
    return Promise.resolve({ tokenFlowId: id, webUrl: `${url}/${id}`, code, waitSecret });
  },

  async tokenFlowWait({ tokenFlowId, waitSecret, timeout }, { signal }) {
    const flow = flows.get(tokenFlowId, waitSecret);
    const isApproved = await within(timeout, signal, (limit) => flow.approved.wait(limit));
    if (!isApproved) return { timeout: true };
    const { tokenId, tokenSecret } = credentials;
    return { tokenId, tokenSecret, workspaceUsername: WORKSPACE };
  },
});
