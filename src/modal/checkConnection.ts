import type { Session } from "../auth/session";
import { UserError, type ErrorAction } from "../base/errors";
import type { AccountService } from "./account";
import type { Connection } from "./connection";
import { reach } from "./reach";
import { workspaceName } from "./rpc";

/** The outcome of one step of a check. Contains no secrets. */
export interface Finding {
  readonly step: string;
  readonly state: "passed" | "warning" | "failed";
  readonly text: string;
  readonly actions: readonly ErrorAction[];
}

export interface CheckOptions {
  readonly session: Session;
  readonly connection: Connection;
  readonly account: AccountService;
  /** From the settings; empty for the account's default. */
  readonly environmentName: string;
  /** Returns the proxy used for a host, if any. */
  readonly proxyFor: (host: string) => string | undefined;
}

type Step = readonly [name: string, run: (options: CheckOptions, signal: AbortSignal) => Promise<string>];

const steps: readonly Step[] = [
  ["Credentials", credentials],
  ["Proxy", proxyInUse],
  ["Network", network],
  ["Workspace", workspace],
  ["Environment", environment],
];

/** Checks each step from here to the workspace, and stops at the first failure. */
export async function* checkConnection(options: CheckOptions, signal: AbortSignal): AsyncGenerator<Finding> {
  for (const [step, run] of steps) {
    const finding = await check(step, () => run(options, signal));
    yield finding;
    if (finding.state === "failed") return;
  }
}

/** Runs one step and returns its result, or the message of its error, as a finding. */
export async function check(step: string, run: () => Promise<string>): Promise<Finding> {
  try {
    return { step, state: "passed", text: await run(), actions: [] };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { message: text, actions } = error;
    return { step, state: error.code === WARNING ? "warning" : "failed", text, actions };
  }
}

/** The code of an error that does not prevent the following steps. */
export const WARNING = "warning";

const sources = {
  environment: () => "The token of the environment: MODAL_TOKEN_ID.",
  pasted: () => "The token in VS Code's secret storage.",
  profile: (name: string) => `The profile ${name} of the Modal configuration file.`,
};

async function credentials({ session }: CheckOptions): Promise<string> {
  switch (session.kind) {
    case "signedOut":
      throw session.problem ?? new UserError("You are not signed in.", { actions: [signIn] });
    case "local":
      return Promise.resolve("The local backend needs no token.");
    case "signedIn": {
      const { source } = session.credentials;
      return Promise.resolve(source.kind === "profile" ? sources.profile(source.name) : sources[source.kind]());
    }
  }
}

const signIn: ErrorAction = { title: "Sign In…", command: "modalSandboxes.signIn" };

async function proxyInUse({ connection, proxyFor }: CheckOptions, signal: AbortSignal): Promise<string> {
  const proxy = proxyFor(new URL(await serverUrlOf(connection, signal)).hostname);
  if (proxy === undefined) return "None: the connection is direct.";
  const url = URL.canParse(proxy) ? new URL(proxy) : undefined;
  if (url?.protocol === "http:") return url.origin;
  throw new UserError(
    `${url ? url.origin : "The proxy"} is not used: Modal's connection takes only proxies whose address begins with http://.`,
    {
      code: WARNING,
      actions: [{ title: "Open Settings", command: "workbench.action.openSettings", arguments: ["http.proxy"] }],
    },
  );
}

async function network({ connection, proxyFor }: CheckOptions, signal: AbortSignal): Promise<string> {
  const serverUrl = await serverUrlOf(connection, signal);
  const { host, hostname } = new URL(serverUrl);
  const proxy = proxyFor(hostname);
  const usable = proxy?.startsWith("http:") ? proxy : undefined;
  await reach(serverUrl, usable, signal);
  return `${host} answers${usable === undefined ? "" : " through the proxy"}.`;
}

const serverUrlOf = async (connection: Connection, signal: AbortSignal): Promise<string> =>
  (await connection.client(signal)).profile.serverUrl;

async function workspace({ connection }: CheckOptions, signal: AbortSignal): Promise<string> {
  return workspaceName(await connection.client(signal), signal);
}

async function environment(options: CheckOptions, signal: AbortSignal): Promise<string> {
  const { connection, account, environmentName } = options;
  const wanted = (await connection.client(signal)).environmentName(environmentName);
  const environments = await account.environments(signal);
  const found = environments.find(({ name, isDefault }) => (wanted ? name === wanted : isDefault));
  if (found) return found.name;
  throw new UserError(
    wanted ? `The workspace has no environment ${wanted}.` : "The workspace has no default environment.",
    { actions: [{ title: "Select Environment…", command: "modalSandboxes.selectEnvironment" }] },
  );
}
