import type { IncomingMessage } from "node:http";

/** The access that a connect token grants. */
export interface Pass {
  readonly token: string;
  /** The port inside the sandbox. */
  readonly port: number;
  readonly userData: string;
}

/** An admitted request as it is passed on: without the token, with the user data that the token carries. */
export interface Admitted {
  readonly pass: Pass;
  readonly path: string;
  /** Alternating names and values. */
  readonly headers: readonly string[];
  /** True if the token was in the address, so that a browser needs a cookie for the page's further requests. */
  readonly needsCookie: boolean;
}

export const COOKIE = "_modal_connect_token";
const USER_DATA_HEADER = "X-Verified-User-Data";

/** Looks for a token in the header, the address and the cookies of a request. */
export function admit(request: IncomingMessage, passes: ReadonlyMap<string, Pass>): Admitted | undefined {
  const url = new URL(request.url ?? "/", "http://localhost");
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const query = url.searchParams.get(COOKIE);
  const cookie = cookiesOf(request).find(([name]) => name === COOKIE)?.[1];
  const token = [bearer, query, cookie].find((candidate) => candidate && passes.has(candidate)) ?? "";
  const pass = passes.get(token);
  if (!pass) return undefined;

  url.searchParams.delete(COOKIE);
  return {
    pass,
    path: query === null ? (request.url ?? "/") : url.pathname + url.search,
    headers: onwardHeaders(request, pass, bearer === token),
    needsCookie: query === token,
  };
}

function onwardHeaders(request: IncomingMessage, { userData }: Pass, dropsAuthorization: boolean): string[] {
  const headers: string[] = [];
  for (const [name, value] of pairsOf(request.rawHeaders)) {
    const lower = name.toLowerCase();
    if (lower === USER_DATA_HEADER.toLowerCase() || (lower === "authorization" && dropsAuthorization)) continue;
    const kept = lower === "cookie" ? withoutToken(value) : value;
    if (kept !== "") headers.push(name, kept);
  }
  return userData === "" ? headers : [...headers, USER_DATA_HEADER, userData];
}

const cookiesOf = (request: IncomingMessage) => (request.headers.cookie ?? "").split(";").map(splitCookie);

const splitCookie = (cookie: string): [string, string] => {
  const [name = "", ...value] = cookie.trim().split("=");
  return [name, value.join("=")];
};

const withoutToken = (cookies: string): string =>
  cookies
    .split(";")
    .filter((cookie) => splitCookie(cookie)[0] !== COOKIE)
    .join(";")
    .trim();

/** The pairs in a list of alternating names and values. */
export function* pairsOf(raw: readonly string[]): Generator<[string, string]> {
  for (let i = 0; i + 1 < raw.length; i += 2) yield [raw[i] ?? "", raw[i + 1] ?? ""];
}
