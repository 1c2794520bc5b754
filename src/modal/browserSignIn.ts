import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { UserError } from "../base/errors";
import { createTokenFlowClient, type GrantedToken, type TokenFlow, type TokenFlowClient } from "./tokenFlow";

export interface BrowserSignInOptions {
  /** Absent: Modal's own server. */
  readonly serverUrl: string | undefined;
  /** Opens the page. `code`, if any, is typed or compared there. */
  readonly open: (url: string, code: string) => Promise<void>;
  /** How long the user may take. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 10 * 60_000;

/** How long the server may hold one request open; the value that Modal's own tools send. */
const WAIT_S = 40;

/** Returns a token that the user approves on Modal's page in the browser. */
export async function signInByBrowser(options: BrowserSignInOptions, signal: AbortSignal): Promise<GrantedToken> {
  const { serverUrl, open, deadlineMs = DEADLINE_MS } = options;
  const client = await createTokenFlowClient(serverUrl);
  const deadline = AbortSignal.timeout(deadlineMs);
  const ended = AbortSignal.any([signal, deadline]);
  let flowId = "";
  const echo = await answerLocally(() => flowId);
  try {
    const flow = await client.begin(echo.port, ended);
    flowId = flow.id;
    await open(flow.webUrl, flow.code);
    return await approved(client, flow, ended);
  } catch (error) {
    throw deadline.aborted && !signal.aborted ? notApproved() : error;
  } finally {
    echo.close();
    client.close();
  }
}

async function approved(client: TokenFlowClient, flow: TokenFlow, signal: AbortSignal): Promise<GrantedToken> {
  for (;;) {
    const token = await client.wait(flow, WAIT_S, signal);
    if (token) return token;
  }
}

/** Modal's page may ask this machine whether the sign-in that it shows was started here. */
async function answerLocally(flowId: () => string): Promise<{ readonly port: number; close: () => void }> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/plain", "access-control-allow-origin": "*" }).end(flowId());
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const notApproved = () =>
  new UserError("The sign-in was not approved in the browser in time. Try again, or paste a token.", {
    actions: [{ title: "Sign In…", command: "modalSandboxes.signIn" }],
  });
