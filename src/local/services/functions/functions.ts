import { parameterInfo, readParameters } from "../../functions/classParameters";
import type { Deployed, DeployedFunctions } from "../../functions/deployed";
import type { DescribedMethod } from "../../functions/describe";
import { FunctionCall } from "../../functions/functionCall";
import { DEFAULT_OPTIONS, type BoundFunction, type FunctionStore } from "../../functions/functionStore";
import type { AppStore } from "../../account/apps";
import type { BlobStore } from "../../storage/blobs";
import type { EnvironmentStore } from "../../account/environments";
import type { SecretStore } from "../../storage/secrets";
import { failedPrecondition, invalidArgument, notFound, unimplemented } from "../../protocol/errors";
import type { ControlPlane, Request } from "../../protocol/messages";
import { Idempotency, idempotencyKey } from "../../protocol/idempotency";
import { mergeSecrets } from "../storage/secrets";
import { webKindOf } from "./webEndpoints";

export interface FunctionsDependencies {
  readonly deployed: DeployedFunctions;
  readonly functions: FunctionStore;
  readonly apps: AppStore;
  readonly environments: EnvironmentStore;
  readonly secrets: SecretStore;
  readonly blobs: BlobStore;
  /** The address of `webEndpointPages`. */
  readonly webUrl: string;
}

// Modal's `DataFormat`.
const CBOR = 4;
const MAX_TIMEOUT_SECS = 24 * 3600;

/** Finds deployed functions and classes, configures them and calls them. */
export function functionsService(dependencies: FunctionsDependencies): ControlPlane {
  const { deployed, functions, apps, environments, secrets, blobs, webUrl } = dependencies;
  const describe = (bound: BoundFunction) => ({
    ...handleMetadata(bound),
    ...(webKindOf(bound) && { webUrl: `${webUrl}/${bound.id}` }),
  });
  const callOnce = new Idempotency<FunctionCall>();

  return {
    async functionGet({ appName, objectTag, environmentName }) {
      const environment = environments.get(environmentName).name;
      const lookup = await deployed.find(appName, objectTag);
      if (!lookup) throw notFound(`Function '${appName}/${objectTag}' not found`);
      if ("fault" in lookup) throw failedPrecondition(`The deployed file cannot be read: ${lookup.fault}`);
      const bound = functions.bind(apps.ensure(environment, appName).id, lookup.found, DEFAULT_OPTIONS);
      return { functionId: bound.id, handleMetadata: describe(bound) };
    },

    async functionGetById({ functionId }) {
      const bound = functions.get(functionId);
      const { kind } = bound.deployed;
      return Promise.resolve({ function: { isClass: kind === "class" }, handleMetadata: describe(bound) });
    },

    async functionBindParams({ functionId, serializedParams, functionOptions }) {
      const { appId, deployed: target } = functions.get(functionId);
      const bound = functions.bind(appId, target, {
        ...readOptions(functionOptions, secrets),
        parameters: target.kind === "class" ? readParameters(serializedParams) : {},
      });
      return Promise.resolve({ boundFunctionId: bound.id, handleMetadata: describe(bound) });
    },

    async functionMap({ functionId, pipelinedInputs }, context) {
      const { appId, deployed: target } = functions.get(functionId);
      const [item, ...others] = pipelinedInputs;
      if (!item?.input || others.length > 0)
        throw unimplemented("The local backend accepts exactly one input with each function call.");
      const { args, argsBlobId, dataFormat, methodName } = item.input;
      const method = methodName === "" ? undefined : methodName;
      if (dataFormat !== CBOR) throw invalidArgument("The local backend accepts function inputs only in CBOR.");
      checkCallable(target, method);

      const call = await callOnce.run(idempotencyKey(context), async () => {
        const input = argsBlobId ? await blobs.take(argsBlobId, context.signal) : (args ?? new Uint8Array());
        const made = new FunctionCall({ functionId, appId, request: { kind: "arguments", method, input } });
        functions.run(made);
        return made;
      });
      return {
        functionCallId: call.id,
        functionCallJwt: call.id,
        pipelinedInputs: [{ idx: item.idx, inputId: call.inputId, inputJwt: call.inputId }],
      };
    },

    async functionUpdateSchedulingParams({ functionId, settings }) {
      const { pool } = functions.get(functionId);
      const { maxContainers, scaledownWindow } = settings ?? {};
      if (maxContainers === 0) throw invalidArgument("A function needs at least one container.");
      pool.autoscaler = {
        maxContainers: maxContainers ?? pool.autoscaler.maxContainers,
        scaledownSecs: scaledownWindow ?? pool.autoscaler.scaledownSecs,
      };
      return Promise.resolve({ currentSettings: settings ?? {} });
    },
  };
}

function handleMetadata({ id, appId, deployed }: BoundFunction) {
  const common = { appId, definitionId: id, supportedInputFormats: [CBOR], supportedOutputFormats: [CBOR] };
  if (deployed.kind === "function") return { ...common, functionName: deployed.function.name };
  const { name, methods } = deployed.class;
  const method = (described: DescribedMethod) => ({
    ...common,
    functionName: `${name}.${described.name}`,
    isMethod: true,
    useMethodName: described.name,
  });
  return {
    ...common,
    functionName: `${name}.*`,
    classParameterInfo: parameterInfo(deployed.class),
    methodHandleMetadata: Object.fromEntries(methods.map((described) => [described.name, method(described)])),
  };
}

function checkCallable(deployed: Deployed, method: string | undefined): void {
  const methods = deployed.kind === "class" ? deployed.class.methods : [deployed.function];
  const wanted = deployed.kind === "class" ? method : deployed.function.name;
  const target = methods.find(({ name }) => name === wanted);
  if (!target) throw notFound(`There is no method '${wanted ?? ""}'.`);
  if (target.isGenerator)
    throw unimplemented(`'${target.name}' is a generator, which the local backend cannot call. Return a list instead.`);
}

/** Reads the options that affect a local call. The others concern a cloud's scheduler. */
function readOptions(options: Request<"functionBindParams">["functionOptions"], secrets: SecretStore) {
  if (options && options.volumeMounts.length > 0)
    throw unimplemented("The local backend does not mount volumes into functions.");
  const timeoutSecs = options?.timeoutSecs ?? DEFAULT_OPTIONS.timeoutSecs;
  if (timeoutSecs < 1 || timeoutSecs > MAX_TIMEOUT_SECS)
    throw invalidArgument("A function's timeout must be between one second and one day.");
  return { timeoutSecs, env: mergeSecrets(secrets, options?.secretIds ?? []) };
}
