/** The SDK's own service definitions; the build makes this module, see `esbuild.config.mjs`. */
declare module "modal/definitions" {
  /** The part of a service definition that does not depend on its messages. */
  export interface Definition {
    readonly fullName: string;
    readonly methods: Readonly<Record<string, { readonly name: string; readonly responseStream: boolean }>>;
  }
  type TsProtoServiceDefinition = Extract<import("nice-grpc").CompatServiceDefinition, { fullName: string }>;
  export const ModalClientDefinition: TsProtoServiceDefinition;
  export const TaskCommandRouterDefinition: TsProtoServiceDefinition;
}
