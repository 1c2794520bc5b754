import type { ModalClient } from "modal";
import type { CallContext } from "nice-grpc";

/** The control plane's handlers, typed by the client that calls them. */
export type ControlPlane = {
  [M in keyof Client]?: Client[M] extends (request: infer In, ...rest: never[]) => Promise<infer Out>
    ? (request: Complete<In>, context: CallContext) => Promise<Partially<Out>>
    : Client[M] extends (request: infer In, ...rest: never[]) => AsyncIterable<infer Out>
      ? (request: Complete<In>, context: CallContext) => AsyncIterable<Partially<Out>>
      : never;
};

export type Request<M extends keyof ControlPlane> = Parameters<NonNullable<ControlPlane[M]>>[0];
export type Reply<M extends keyof ControlPlane> = Awaited<ReturnType<NonNullable<ControlPlane[M]>>>;

/** A message as a handler may return it. Omitted fields have the protocol's defaults. */
export type Partially<T> = T extends Uint8Array | Date | string | number | boolean | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Partially<Item>[]
    : { readonly [K in keyof T]?: Partially<T[K]> | undefined };

/** A decoded message. Only messages and `oneof` members may be missing, and an enum may hold any number. */
export type Complete<T> = T extends number
  ? number
  : T extends Uint8Array | Date | string | boolean | undefined
    ? T
    : T extends readonly (infer Item)[]
      ? readonly Complete<Item>[]
      : string extends keyof T
        ? Readonly<Record<string, Complete<NonNullable<T[keyof T]>>>>
        : { readonly [K in keyof T]-?: Complete<T[K]> };

type Client = ModalClient["cpClient"];
