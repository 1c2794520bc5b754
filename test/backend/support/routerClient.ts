import { randomUUID } from "node:crypto";
import type { ModalClient, Sandbox } from "modal";
import { createChannel, createClientFactory, Metadata, type CallOptions } from "nice-grpc";
import type { ExecRef, TaskCommandRouter } from "../../../src/local/protocol/routerMessages";
import type { TaskDisk } from "../../../src/local/protocol/diskMessages";
import type { Partially } from "../../../src/local/protocol/messages";
import { sdkDefinition } from "./sdkDefinition";

type Router = TaskCommandRouter & TaskDisk;

type RouterClient = {
  [M in keyof Router]: (
    request: Parameters<Router[M]>[0] extends AsyncIterable<infer Item>
      ? AsyncIterable<Partially<Item>>
      : Partially<Parameters<Router[M]>[0]>,
    options?: CallOptions,
  ) => ReturnType<Router[M]>;
};

/** A sandbox's task command router without the SDK's additions: requests are sent exactly as given. */
export class RawRouter {
  readonly calls: RouterClient;
  readonly taskId: string;
  readonly close: () => void;

  /** `jwt` replaces the token from the control plane. */
  static async open(modal: ModalClient, { sandboxId }: Sandbox, jwt?: string): Promise<RawRouter> {
    const { taskId } = await modal.cpClient.sandboxGetTaskIdV2({ sandboxId });
    const access = await modal.cpClient.sandboxGetCommandRouterAccess({ sandboxId });
    return new RawRouter(taskId ?? "", access.url.replace("https://", ""), jwt ?? access.jwt);
  }

  private constructor(taskId: string, address: string, jwt: string) {
    const channel = createChannel(address);
    const metadata = Metadata({ authorization: `Bearer ${jwt}` });
    this.taskId = taskId;
    this.calls = createClientFactory().create(sdkDefinition("TaskCommandRouterDefinition"), channel, {
      "*": { metadata },
    }) as RouterClient;
    this.close = () => channel.close();
  }

  /** Starts a program and keeps both outputs. */
  async start(...commandArgs: readonly string[]): Promise<ExecRef> {
    const exec = { taskId: this.taskId, execId: randomUUID() };
    await this.calls.taskExecStart({ ...exec, commandArgs, stdoutConfig: 1, stderrConfig: 1 });
    return exec;
  }

  /** An exec's stdout from `offset` to its end. */
  async stdout(exec: ExecRef, offset = 0): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for await (const { data } of this.calls.taskExecStdioRead({ ...exec, offset, fileDescriptor: 0 })) parts.push(data);
    return Buffer.concat(parts);
  }
}
