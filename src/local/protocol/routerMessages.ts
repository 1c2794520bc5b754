import type { ContainerProcess } from "modal";
import type { CallContext } from "nice-grpc";
import type { Complete } from "./messages";

/** The handlers of the task command router. The SDK's typings lack its small requests, so they are declared here. */
export interface TaskCommandRouter {
  taskExecStart(request: ExecStartRequest, context: CallContext): Promise<Empty>;
  taskExecStdinWrite(request: ExecRef & StdinChunk, context: CallContext): Promise<Empty>;
  taskExecStdinWriteStream(request: AsyncIterable<StdinStreamMessage>, context: CallContext): Promise<Empty>;
  taskExecStdinStatus(request: ExecRef): Promise<{ numBytesWritten: number; closed: boolean }>;
  taskExecStdioRead(request: ExecRef & OutputPosition, context: CallContext): AsyncIterable<{ data: Uint8Array }>;
  taskExecWait(request: ExecRef, context: CallContext): Promise<ExitStatus>;
  taskExecPoll(request: ExecRef): Promise<ExitStatus>;
  sandboxStdioReadV2(
    request: TaskRef & OutputPosition,
    context: CallContext,
  ): AsyncIterable<{ data: Uint8Array; startingOffset: number }>;
  sandboxStdinWriteV2(request: TaskRef & StdinChunk, context: CallContext): Promise<Empty>;
  sandboxWaitUntilReady(request: TaskRef & { timeout: number }, context: CallContext): Promise<{ readyAt: number }>;
}

export type ExecStartRequest = Complete<Parameters<RouterClient["execStart"]>[0]>;
type Empty = Readonly<Record<string, never>>;

interface TaskRef {
  readonly taskId: string;
}

export interface ExecRef extends TaskRef {
  readonly execId: string;
}

interface StdinChunk {
  readonly offset: number;
  readonly data: Uint8Array;
  readonly eof: boolean;
}

export interface StdinStreamMessage {
  readonly start: (ExecRef & { readonly offset: number }) | undefined;
  readonly data: Uint8Array | undefined;
  readonly end: Empty | undefined;
}

export interface OutputPosition {
  readonly offset: number;
  /** 0 is stdout, 1 is stderr. */
  readonly fileDescriptor: number;
}

export interface ExitStatus {
  readonly code?: number;
  readonly signal?: number;
}

type RouterClient = ConstructorParameters<typeof ContainerProcess>[2];
