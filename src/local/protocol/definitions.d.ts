/** The SDK's own service definitions. The build creates this module, see `esbuild.config.mjs`. */
declare module "modal/definitions" {
  type TsProtoServiceDefinition = Extract<import("nice-grpc").CompatServiceDefinition, { fullName: string }>;
  export const ModalClientDefinition: TsProtoServiceDefinition;
  export const TaskCommandRouterDefinition: TsProtoServiceDefinition;
}
