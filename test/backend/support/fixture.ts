import { after, before } from "mocha";
import type { App, Image, ModalClient, Sandbox, SandboxCreateParams } from "modal";
import { createClient, startLocalBackend, type LocalBackend, type LocalBackendOptions } from "./localBackend";

export interface Fixture {
  readonly backend: LocalBackend;
  readonly modal: ModalClient;
  readonly app: App;
  readonly image: Image;
  /** By default, a sandbox that sleeps until it is terminated. */
  create(params?: SandboxCreateParams): Promise<Sandbox>;
}

/** The SDK creates a sandbox with a GPU in the first generation of the protocol and one without in the second. */
export const generations = [
  { generation: "V1", gpu: { gpu: "T4" } },
  { generation: "V2", gpu: {} },
] as const;

/** A backend for all tests of a suite, with a client, an app and an image. Call it in the suite's body. */
export function useLocalBackend(options: LocalBackendOptions = {}): Fixture {
  let fixture: Fixture | undefined;
  const get = () => {
    if (!fixture) throw new Error("The backend is available only while tests run.");
    return fixture;
  };

  before(async function () {
    this.timeout(60_000);
    fixture = await startFixture(options);
  });
  after(async () => {
    fixture?.modal.close();
    await fixture?.backend.stop();
  });

  return {
    get backend() {
      return get().backend;
    },
    get modal() {
      return get().modal;
    },
    get app() {
      return get().app;
    },
    get image() {
      return get().image;
    },
    create: (params) => get().create(params),
  };
}

export async function startFixture(options: LocalBackendOptions = {}): Promise<Fixture> {
  const backend = await startLocalBackend(options);
  const modal = createClient(backend);
  const app = await modal.apps.fromName("tests", { createIfMissing: true });
  const image = await modal.images.fromRegistry("python:3.12-slim").build(app);
  return { backend, modal, app, image, create: (params = {}) => modal.sandboxes.create(app, image, params) };
}
