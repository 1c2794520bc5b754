import type { ModalClient } from "modal";
import type { Connection } from "./connection";
import { isRefusal } from "./errors";

/** The resources that a sandbox has used since it started, in seconds of each. */
export interface Usage {
  readonly coreSeconds: number;
  readonly gibSeconds: number;
  readonly gpuSeconds: number;
}

/** The resource usage of sandboxes. No SDK uses this call, so the server may not answer it. */
export class UsageGateway {
  readonly #connection: Connection;
  #silent: ModalClient | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Returns `undefined` if the server does not report it. */
  async ofSandbox(sandboxId: string, signal: AbortSignal): Promise<Usage | undefined> {
    const client = await this.#connection.client(signal);
    if (client === this.#silent) return undefined;
    try {
      const usage = await client.cpClient.sandboxGetResourceUsage({ sandboxId }, { signal });
      return {
        coreSeconds: usage.cpuCoreNanosecs / 1e9,
        gibSeconds: usage.memGibNanosecs / 1e9,
        gpuSeconds: usage.gpuNanosecs / 1e9,
      };
    } catch (error) {
      signal.throwIfAborted();
      if (isRefusal(error)) this.#silent = client;
      return undefined;
    }
  }
}
