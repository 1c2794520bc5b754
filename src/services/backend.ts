import type { SessionService } from "../auth/session";
import type { DisposableStore } from "../base/disposable";
import type { Clock, Logger } from "../base/ports";
import { AccountService } from "../modal/account";
import { Connection, type ConnectionSettings } from "../modal/connection";
import { ExecGateway } from "../modal/exec";
import { ImageGateway } from "../modal/images";
import { LocalBackend, type LocalBackendOptions } from "../modal/localBackend";
import { ProxyEnvironment } from "../modal/proxy";
import { RatesService } from "../modal/ratesService";
import { SandboxGateway } from "../modal/sandboxes";
import { SecretGateway } from "../modal/secrets";
import { SnapshotGateway } from "../modal/snapshots";
import { UsageGateway } from "../modal/usage";
import { VolumeGateway } from "../modal/volumes";

export interface BackendOptions {
  readonly session: SessionService;
  readonly localBackendProgram: Omit<LocalBackendOptions, "log">;
  /** The process's own variables, from which the SDK reads the proxy. */
  readonly proxyVariables: ConstructorParameters<typeof ProxyEnvironment>[0];
  readonly connectionSettings: () => ConnectionSettings;
  readonly clock: Clock;
  readonly log: Logger;
}

export type Backend = ReturnType<typeof createBackend>;

/** Creates the session's connection to Modal or to the local backend, and the gateways to it. */
export function createBackend(own: DisposableStore, options: BackendOptions) {
  const { session, localBackendProgram, proxyVariables, connectionSettings, clock, log } = options;
  const localBackend = own.add(new LocalBackend({ ...localBackendProgram, log }));
  const proxy = own.add(new ProxyEnvironment(proxyVariables));
  const connection = own.add(new Connection({ session, localBackend, settings: connectionSettings, log }));
  const environment = () => connectionSettings().environment;
  const images = new ImageGateway(connection);
  return {
    session,
    isLocal: () => session.current.kind === "local",
    localBackend,
    proxy,
    connection,
    images,
    gateway: new SandboxGateway(connection, images, environment, log),
    exec: new ExecGateway(connection),
    snapshotGateway: new SnapshotGateway(connection),
    usage: new UsageGateway(connection),
    volumes: new VolumeGateway(connection, environment, clock),
    secrets: new SecretGateway(connection, environment, clock),
    account: own.add(new AccountService(connection, environment, log)),
    rates: own.add(new RatesService(connection, clock, log)),
  };
}
