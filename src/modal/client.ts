import type { ModalClient } from "modal";
import type { Logger } from "../base/ports";

export interface ClientTarget {
  readonly tokenId: string;
  readonly tokenSecret: string;
  readonly environment?: string;
  /** Absent: Modal's own server. */
  readonly serverUrl?: string;
}

/** The longest wait, in seconds, that a throttling server may ask for. The SDK would wait forever. */
const MAX_THROTTLE_WAIT_S = 30;

const SERVER_URL = "MODAL_SERVER_URL";

/** Loads the SDK, which takes a moment the first time, and creates a client. Does not use the network. */
export async function createClient(target: ClientTarget, log: Logger): Promise<ModalClient> {
  const sdk = await import("./sdk");
  return withServerUrl(
    target.serverUrl,
    () =>
      new sdk.ModalClient({
        tokenId: target.tokenId,
        tokenSecret: target.tokenSecret,
        maxThrottleWaitSecs: MAX_THROTTLE_WAIT_S,
        logger: log,
        ...(target.environment !== undefined && { environment: target.environment }),
      }),
  );
}

/** The SDK takes its server's address only from the process's environment, and reads it in the constructor. */
function withServerUrl<T>(serverUrl: string | undefined, construct: () => T): T {
  const { [SERVER_URL]: previous } = process.env;
  if (serverUrl !== undefined) process.env[SERVER_URL] = serverUrl;
  try {
    return construct();
  } finally {
    if (previous === undefined) Reflect.deleteProperty(process.env, SERVER_URL);
    else process.env[SERVER_URL] = previous;
  }
}
