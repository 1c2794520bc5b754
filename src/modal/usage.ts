import type { ModalClient } from "modal";
import { codeOf } from "../base/errors";
import type { Connection } from "./connection";

/** What a sandbox has used since it started, in seconds of each thing. */
export interface Usage {
  readonly coreSeconds: number;
  readonly gibSeconds: number;
  readonly gpuSeconds: number;
}

/** gRPC status codes of a server that will not say, whatever sandbox it is asked about: denied and unimplemented. */
const SILENT_CODES = ["7", "12"];

/** What the server knows of the use of sandboxes. No SDK asks for it, so it may not answer. */
export class UsageGateway {
  readonly #connection: Connection;
  #silent: ModalClient | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** `undefined` where the server does not say. */
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
      if (SILENT_CODES.includes(codeOf(error) ?? "")) this.#silent = client;
      return undefined;
    }
  }
}
