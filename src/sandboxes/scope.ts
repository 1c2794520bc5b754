import { createHash } from "node:crypto";
import type { Session } from "../auth/session";
import type { ConnectionSettings } from "../modal/connection";

/**
 * The same for the same account, environment and app: what one list of the server is about. A local backend and all that
 * it has end with its window.
 *
 * @param localId another one in each window
 */
export function scopeOf(session: Session, { environment, appName }: ConnectionSettings, localId: string): string {
  const account = session.kind === "signedIn" ? session.credentials.tokenId : localId;
  return createHash("sha256")
    .update(JSON.stringify([session.kind, account, environment, appName]))
    .digest("hex")
    .slice(0, 20);
}
