import { activeProfile, parseProfiles } from "./profiles";

export interface NewProfile {
  readonly name: string;
  readonly tokenId: string;
  readonly tokenSecret: string;
  /** Only where it is not Modal's own. */
  readonly serverUrl?: string;
}

/**
 * The text of a `.modal.toml` with a profile's token put in; everything else, comments too, stays as it is. The first
 * profile becomes the active one. Throws a `UserError` that names the line where the text is malformed.
 */
export function withProfile(text: string, path: string, { name, tokenId, tokenSecret, serverUrl }: NewProfile): string {
  const profiles = parseProfiles(text, path);
  const token = [`token_id = ${JSON.stringify(tokenId)}`, `token_secret = ${JSON.stringify(tokenSecret)}`];
  if (serverUrl !== undefined) token.push(`server_url = ${JSON.stringify(serverUrl)}`);
  if (!profiles.some((profile) => profile.name === name)) {
    const active = activeProfile(profiles, {}) ? [] : ["active = true"];
    const before = text.trimEnd();
    return [...(before ? [before, ""] : []), `[${keyOf(name)}]`, ...token, ...active, ""].join("\n");
  }

  const lines = text.split("\n");
  const header = lines.findIndex((line) => headerOf(line) === name);
  const length = lines.slice(header + 1).findIndex((line) => /^\s*\[/.test(line));
  const end = length < 0 ? lines.length : header + 1 + length;
  const kept = lines
    .slice(header + 1, end)
    .filter((line) => !/^\s*"?(token_id|token_secret|server_url)"?\s*=/.test(line));
  return [...lines.slice(0, header + 1), ...token, ...kept, ...lines.slice(end)].join("\n");
}

const keyOf = (name: string): string => (/^[\w-]+$/.test(name) ? name : JSON.stringify(name));

/** The table that a line opens. */
function headerOf(line: string): string | undefined {
  const key = /^\s*\[\s*(.+?)\s*\]\s*(?:#.*)?$/.exec(line)?.[1];
  return key?.replace(/^(["'])(.*)\1$/, "$2");
}
