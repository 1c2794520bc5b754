import type { Session } from "../../../src/auth/session";

export const sessionKinds = {
  signedOut: { kind: "signedOut" },
  signedIn: {
    kind: "signedIn",
    credentials: { tokenId: "ak-1", tokenSecret: "as-1", source: { kind: "pasted" } },
  },
  local: { kind: "local" },
} as const satisfies Record<Session["kind"], Session>;

/** One of each kind. */
export const sessions: readonly Session[] = Object.values(sessionKinds);

/** True for the files that declare the extension's context keys, by their paths in src. */
export const isAboutContextKeys = (path: string): boolean => /^ui\/context(Keys|Values)\.ts$/.test(path);
