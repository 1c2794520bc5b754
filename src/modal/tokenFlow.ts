import type { CompatServiceDefinition } from "nice-grpc";
import { translated } from "./errors";

export interface TokenFlow {
  readonly id: string;
  /** Modal's page where the user approves. */
  readonly webUrl: string;
  /** Compared or typed there. May be empty. */
  readonly code: string;
  readonly waitSecret: string;
}

export interface GrantedToken {
  readonly tokenId: string;
  readonly tokenSecret: string;
  readonly workspace: string;
}

export interface TokenFlowClient {
  /** @param localhostPort the port where this machine answers the page */
  begin(localhostPort: number, signal: AbortSignal): Promise<TokenFlow>;
  /** Returns the token, or `undefined` if the user has not approved within `timeoutS` seconds. */
  wait(flow: TokenFlow, timeoutS: number, signal: AbortSignal): Promise<GrantedToken | undefined>;
  close(): void;
}

const MODAL_URL = "https://api.modal.com:443";

/** The headers that the SDK 0.11.1 sends. */
const INTRODUCTION = { "x-modal-client-type": "8", "x-modal-client-version": "1.0.0" };

/** Protobuf's wire types. */
const VARINT = 0;
const DELIMITED = 2;
const FIXED32 = 5;

const tag = (field: number, wireType: number): number => (field << 3) | wireType;

/**
 * The two calls of Modal's API that return a token. The SDK makes no call without a token, so these use its transport
 * directly, with the few fields that they have.
 */
export async function createTokenFlowClient(serverUrl = MODAL_URL): Promise<TokenFlowClient> {
  const { createChannel, createClient, Metadata, Reader, Writer } = await import("./sdk");

  /** Returns the strings and numbers of a message by their field numbers. */
  const decode = (bytes: Uint8Array): Map<number, string> => {
    const reader = Reader.create(bytes);
    const fields = new Map<number, string>();
    while (reader.pos < reader.len) {
      const key = reader.uint32();
      const wireType = key & 7;
      if (wireType === DELIMITED) fields.set(key >>> 3, reader.string());
      else if (wireType === VARINT) fields.set(key >>> 3, String(reader.uint32()));
      else reader.skipType(wireType);
    }
    return fields;
  };
  const method = (name: string) => ({
    path: `/modal.client.ModalClient/${name}`,
    requestStream: false as const,
    responseStream: false as const,
    requestSerialize: (bytes: Uint8Array) => Buffer.from(bytes),
    requestDeserialize: (bytes: Uint8Array) => bytes,
    responseSerialize: () => Buffer.alloc(0),
    responseDeserialize: decode,
    options: {},
  });
  const definition = {
    begin: method("TokenFlowCreate"),
    wait: method("TokenFlowWait"),
  } satisfies CompatServiceDefinition;

  const channel = createChannel(serverUrl);
  const client = createClient(definition, channel, { "*": { metadata: Metadata(INTRODUCTION) } });
  return {
    begin: async (localhostPort, signal) => {
      const request = Writer.create()
        .uint32(tag(3, DELIMITED))
        .string("vscode")
        .uint32(tag(4, VARINT))
        .int32(localhostPort)
        .uint32(tag(5, DELIMITED))
        .string("/home")
        .finish();
      const fields = await translated(client.begin(request, { signal }));
      const text = (field: number) => fields.get(field) ?? "";
      return { id: text(1), webUrl: text(2), code: text(3), waitSecret: text(4) };
    },
    wait: async ({ id, waitSecret }, timeoutS, signal) => {
      const request = Writer.create()
        .uint32(tag(1, FIXED32))
        .float(timeoutS)
        .uint32(tag(2, DELIMITED))
        .string(id)
        .uint32(tag(3, DELIMITED))
        .string(waitSecret)
        .finish();
      const fields = await translated(client.wait(request, { signal }));
      const [tokenId, tokenSecret, workspace] = [fields.get(1), fields.get(2), fields.get(4)];
      return tokenId && tokenSecret ? { tokenId, tokenSecret, workspace: workspace ?? "" } : undefined;
    },
    close: () => channel.close(),
  };
}
