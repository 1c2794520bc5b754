import { join } from "node:path";
import { messageOf } from "../base/errors";
import type { Logger } from "../base/ports";
import { AppStore } from "./account/apps";
import { Credentials } from "./account/credentials";
import { EnvironmentStore, readEnvironments } from "./account/environments";
import { TokenFlows } from "./account/tokenFlows";
import type { Isolation } from "./base/isolation";
import { JsonFile } from "./base/jsonFile";
import type { Faults } from "./faults/faults";
import { DeployedFunctions } from "./functions/deployed";
import { describeModule } from "./functions/describe";
import { FunctionStore } from "./functions/functionStore";
import { ImageStore } from "./images/images";
import { LayerStore } from "./images/layers";
import { isOnlyServer } from "./isolation/host/serverFolder";
import { SandboxStore } from "./sandbox/sandboxStore";
import { BlobStore } from "./storage/blobs";
import { QueueStore } from "./storage/queues";
import { readSecrets, SecretStore } from "./storage/secrets";
import { VolumeStore } from "./storage/volumes";
import { tunnelCertificate } from "./tls/tunnelCertificate";

/** Everything the backend remembers. */
export interface Stores {
  readonly credentials: Credentials;
  readonly tokenFlows: TokenFlows;
  readonly environments: EnvironmentStore;
  readonly apps: AppStore;
  readonly blobs: BlobStore;
  readonly images: ImageStore;
  readonly layers: LayerStore;
  readonly queues: QueueStore;
  readonly secrets: SecretStore;
  readonly volumes: VolumeStore;
  readonly deployed: DeployedFunctions;
  readonly functions: FunctionStore;
  readonly sandboxes: SandboxStore;
}

interface StoreOptions {
  readonly isolation: Isolation;
  readonly stateDir: string;
  /** True if no other server uses the state folder. */
  readonly isAlone: boolean;
  readonly faults: Faults;
  readonly log: Logger;
}

/** Opens what earlier servers kept in the state folder. A server that is alone there also removes what nothing uses. */
export function openStores({ isolation, stateDir, isAlone, faults, log }: StoreOptions): Stores {
  const imageFolder = join(stateDir, "images", `${isolation.kind}-${isolation.layering}`);
  const images = new ImageStore(imageFolder);
  const layers = new LayerStore(join(imageFolder, "layers"));
  const volumes = new VolumeStore(join(stateDir, "volumes"), () => !isOnlyServer(stateDir));
  if (isAlone)
    Promise.all([layers.keepOnly(images.sweep()), volumes.sweep()]).catch((error: unknown) =>
      log.warn(`Unused layers and volumes could not be removed: ${messageOf(error)}`),
    );

  return {
    images,
    layers,
    volumes,
    credentials: new Credentials((usual) => faults.tokenSeconds(usual)),
    tokenFlows: new TokenFlows(),
    environments: new EnvironmentStore(new JsonFile(join(stateDir, "environments.json"), readEnvironments)),
    apps: new AppStore(),
    blobs: new BlobStore(isolation.scratch),
    queues: new QueueStore(),
    secrets: new SecretStore(new JsonFile(join(stateDir, "secrets.json"), readSecrets)),
    deployed: new DeployedFunctions(join(stateDir, "functions"), (source) => describeModule(isolation, source)),
    functions: new FunctionStore(isolation),
    sandboxes: new SandboxStore(isolation.scratch, tunnelCertificate(stateDir), log),
  };
}
