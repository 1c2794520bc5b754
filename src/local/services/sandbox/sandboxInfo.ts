import type { AppStore } from "../../account/apps";
import type { Generation } from "../../base/ids";
import type { Sandbox } from "../../sandbox/sandbox";
import type { SandboxResult } from "../../sandbox/sandboxResult";
import type { Probe } from "../../sandbox/sandboxSpec";
import type { SandboxStore } from "../../sandbox/sandboxStore";
import { failedPrecondition, invalidArgument, notFound } from "../../protocol/errors";
import type { ControlPlane, Reply, Request } from "../../protocol/messages";
import { DEFAULT_ENVIRONMENT } from "../../account/environments";

export interface Tag {
  readonly tagName: string;
  readonly tagValue: string;
}

type Info = NonNullable<Reply<"sandboxListV2">["sandboxes"]>[number];

const PAGE_SIZE = 100;
const TAG = /^[\w.-]{1,63}$/;
// The extension reads these tags in `modal/tunnels.ts`.
const PORT_TAG = "modal-local-port-";
const NOBODY = "nobody";
const NAME = /^[\w.-]{1,64}$/;

/** Lists, describes and labels sandboxes. */
export function sandboxInfoService(sandboxes: SandboxStore, apps: AppStore): ControlPlane {
  const list = async (request: Request<"sandboxListV2">) => {
    const inEnvironment = apps.list(request.environmentName || DEFAULT_ENVIRONMENT).map((app) => app.id);
    const filter = {
      appIds: new Set(request.appId ? [request.appId] : inEnvironment),
      before: request.beforeTimestamp || undefined,
      includeFinished: request.includeFinished,
      tags: readTags(request.tags),
    };
    return { sandboxes: await Promise.all(sandboxes.list(filter, PAGE_SIZE).map(sandboxInfo)) };
  };

  const setTags = ({ sandboxId, tags }: Request<"sandboxTagsSetV2">) => {
    sandboxes.get(sandboxId).tags = readTags(tags.filter(({ tagName }) => !tagName.startsWith(PORT_TAG)));
    return Promise.resolve({});
  };

  const getTags = async ({ sandboxId }: Request<"sandboxTagsGetV2">) => ({
    tags: await tagsOf(sandboxes.get(sandboxId)),
  });

  const fromName = (generation: Generation) => (request: Request<"sandboxGetFromNameV2">) => {
    const { appName, environmentName, sandboxName, includeTerminated } = request;
    const app = apps.find(environmentName || DEFAULT_ENVIRONMENT, appName);
    const sandbox = app && sandboxes.find(app.id, sandboxName, { generation, includeEnded: includeTerminated });
    if (!sandbox) throw notFound(`Sandbox with name '${sandboxName}' not found in App '${appName}'`);
    return Promise.resolve({ sandboxId: sandbox.id, metadata: { appId: sandbox.appId } });
  };

  return {
    sandboxList: (request) => list(request),
    sandboxListV2: (request) => list(request),
    sandboxTagsSet: (request) => setTags(request),
    sandboxTagsSetV2: (request) => setTags(request),
    sandboxTagsGet: (request) => getTags(request),
    sandboxTagsGetV2: (request) => getTags(request),
    sandboxGetFromName: async (request) => fromName("V1")(request),
    sandboxGetFromNameV2: async (request) => fromName("V2")(request),

    async sandboxSetName({ sandboxId, name }) {
      const sandbox = sandboxes.get(sandboxId);
      if (!NAME.test(name)) throw invalidArgument(`"${name}" is not a valid sandbox name.`);
      if (sandbox.result) throw failedPrecondition(`Sandbox ${sandboxId} is no longer running.`);
      if (sandbox.name) throw failedPrecondition(`Sandbox ${sandboxId} already has the name "${sandbox.name}".`);
      sandboxes.requireFreeName(sandbox.appId, name);
      sandbox.name = name;
      return Promise.resolve({});
    },
  };
}

export function readTags(tags: readonly Tag[]): ReadonlyMap<string, string> {
  for (const { tagName, tagValue } of tags)
    if (!TAG.test(tagName) || !TAG.test(tagValue))
      throw invalidArgument(
        `The tag "${tagName}=${tagValue}" is invalid. Use up to 63 letters, digits, "-", "_" and "." for each part.`,
      );
  return new Map(tags.map(({ tagName, tagValue }) => [tagName, tagValue]));
}

export const tunnelData = (sandbox: Sandbox) =>
  sandbox.tunnels.map(({ containerPort, host, port, tlsPort }) => ({
    containerPort,
    host,
    port: tlsPort,
    unencryptedHost: host,
    unencryptedPort: port,
  }));

export const genericResult = (result: SandboxResult) => ({
  status: result.status,
  exitcode: result.exitCode,
  exception: result.message,
});

/** The sandbox's own tags, plus one for each contended port, because Modal has no field for that. */
const tagsOf = async (sandbox: Sandbox): Promise<Tag[]> => [
  ...[...sandbox.tags].map(([tagName, tagValue]) => ({ tagName, tagValue })),
  ...[...(await sandbox.contendedPorts())].map(([port, listener]) => ({
    tagName: `${PORT_TAG}${port}`,
    tagValue: listener ?? NOBODY,
  })),
];

async function sandboxInfo(sandbox: Sandbox): Promise<Info> {
  const { spec } = sandbox;
  const gpuType = spec.gpu?.type ?? "";
  const result = sandbox.result && genericResult(sandbox.result);
  return {
    id: sandbox.id,
    createdAt: sandbox.createdAt,
    appId: sandbox.appId,
    imageId: spec.imageId,
    name: sandbox.name,
    tags: await tagsOf(sandbox),
    timeoutSecs: spec.timeoutSecs,
    idleTimeoutSecs: spec.idleTimeoutSecs,
    readyAt: sandbox.readyAt,
    readinessProbe: spec.probe && writeProbe(spec.probe),
    regions: ["local"],
    tunnels: tunnelData(sandbox),
    metadata: { appId: sandbox.appId, result },
    resourceInfo: { ...writeResources(sandbox), gpuType },
    taskInfo: {
      id: sandbox.startedAt === undefined ? "" : sandbox.taskId,
      sandboxId: sandbox.id,
      enqueuedAt: sandbox.createdAt,
      startedAt: sandbox.startedAt,
      finishedAt: sandbox.finishedAt,
      result,
      gpuType,
      gpuConfig: spec.gpu && { gpuType, count: spec.gpu.count },
    },
  };
}

function writeResources({ spec: { resources } }: Sandbox) {
  const value = (request: number, fallback: number) => ({ value: request || fallback, isDefault: request === 0 });
  return {
    // Modal's defaults: an eighth of a core and 128 MiB.
    milliCpu: value(resources.milliCpu, 125),
    memoryMb: value(resources.memoryMb, 128),
    milliCpuMax: resources.milliCpuMax,
    memoryMbMax: resources.memoryMbMax,
  };
}

const writeProbe = (probe: Probe) =>
  probe.kind === "tcp"
    ? { tcpPort: probe.port, intervalMs: probe.intervalMs }
    : { execCommand: { argv: [...probe.argv] }, intervalMs: probe.intervalMs };
