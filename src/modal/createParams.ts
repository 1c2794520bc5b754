import type { ModalClient, SandboxCreateParams } from "modal";
import { UserError } from "../base/errors";
import { isNotFound } from "./errors";
import { gpuArgument } from "./gpus";
import type { NetworkAccess, SandboxSpec } from "./spec";

/** Turns a spec into parameters of the SDK's create. Rejects with a `UserError` if a secret or volume does not exist. */
export async function createParams(
  client: ModalClient,
  spec: SandboxSpec,
  environment: string,
): Promise<SandboxCreateParams> {
  const { gpu, cpu, memoryMiB, timeoutMs, idleTimeoutMs, ports, env, regions, network } = spec;
  const secrets = spec.secrets.map((secret) =>
    existing("secret", secret, client.secrets.fromName(secret, { environment })),
  );
  const volumes = spec.volumes.map(async ({ path, volume, isReadOnly }) => {
    const found = await existing("volume", volume, client.volumes.fromName(volume, { environment }));
    return [path, found.withMountOptions({ readOnly: isReadOnly })] as const;
  });
  return {
    cpu,
    memoryMiB,
    timeoutMs,
    idleTimeoutMs,
    encryptedPorts: network.kind === "blocked" ? [] : [...ports],
    env: { ...env },
    secrets: await Promise.all(secrets),
    volumes: Object.fromEntries(await Promise.all(volumes)),
    ...(gpu && { gpu: gpuArgument(gpu) }),
    ...(regions.length > 0 && { regions: [...regions] }),
    ...networkParams(network),
  };
}

function networkParams(network: NetworkAccess): SandboxCreateParams {
  switch (network.kind) {
    case "open":
      return {};
    case "blocked":
      return { blockNetwork: true };
    case "allowlist":
      return { outboundCidrAllowlist: [...network.cidrs], outboundDomainAllowlist: [...network.domains] };
  }
}

const makers = {
  secret: { title: "Create Secret…", command: "modalSandboxes.createSecret" },
  volume: { title: "Create Volume…", command: "modalSandboxes.createVolume" },
};

async function existing<T>(kind: keyof typeof makers, name: string, found: Promise<T>): Promise<T> {
  try {
    return await found;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new UserError(`There is no ${kind} ${name} in this environment. Create it first, or leave it out.`, {
      cause: error,
      actions: [makers[kind]],
    });
  }
}
