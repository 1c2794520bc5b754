import { createHash } from "node:crypto";
import type { Session } from "../auth/session";
import type { ConnectionSettings } from "../modal/connection";

/**
 * Returns an id of the account, environment and app, which is the scope of the server's list. A local backend ends with
 * its window, and so does everything in it.
 *
 * @param localId differs between windows
 */
export function scopeOf(session: Session, { environment, appName }: ConnectionSettings, localId: string): string {
  const account = session.kind === "signedIn" ? session.credentials.tokenId : localId;
  return createHash("sha256")
    .update(JSON.stringify([session.kind, account, environment, appName]))
    .digest("hex")
    .slice(0, 20);
}
