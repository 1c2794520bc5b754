import type { ModalClient, Sandbox } from "modal";
import { abortable, delay } from "../base/async";
import { isAbort, messageOf, UserError } from "../base/errors";
import type { Logger } from "../base/ports";
import type { Connection } from "./connection";
import { createParams } from "./createParams";
import { isNotFound, NO_CAPACITY, translate, translated } from "./errors";
import { formatGpu } from "./gpus";
import type { ImageGateway } from "./images";
import { listSandboxes, pollSandbox, type ListedSandbox, type SandboxResult } from "./rpc";
import type { SandboxSpec } from "./spec";
import { tunnelOf, type Tunnel } from "./tunnels";

export interface CreateOptions {
  readonly spec: SandboxSpec;
  /** The folder that it is used for. */
  readonly folder: string;
  /** Unique in the app. A sandbox whose id never arrived is found by its name. */
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  /** A snapshot to start from, instead of the spec's image. */
  readonly imageId?: string;
  /** True if Modal should keep its files when it ends. */
  readonly keepsExitSnapshot: boolean;
  /** How long to wait for a machine before giving up. */
  readonly deadlineMs: number;
  readonly onDidEnterStep: (step: CreateStep) => void;
  /** Called when the create failed or was canceled and the server certainly has no such sandbox. */
  readonly onDidVanish: () => Promise<void>;
}

/** The steps of a create: build the image, wait for a machine, start the sandbox. */
export type CreateStep = "image" | "queued" | "starting";

/** The tag that carries a sandbox's name: the server's list can be filtered by tags, not by names. */
const NAME_TAG = "modal-sandboxes-name";

/** `WARNING_TYPE_RESOURCE_LIMIT` of the protocol is 2. */
const isResourceLimit = (warningType: number) => warningType === 2;

/** How often to look for a sandbox that an abandoned create may still produce. */
const ABANDON_INTERVAL_MS = 500;
const ABANDON_CALL_MS = 10_000;

/** Sandboxes through the SDK: plain data in and out. */
export class SandboxGateway {
  readonly #connection: Connection;
  readonly #images: ImageGateway;
  readonly #environment: () => string;
  readonly #log: Logger;

  constructor(connection: Connection, images: ImageGateway, environment: () => string, log: Logger) {
    this.#connection = connection;
    this.#images = images;
    this.#environment = environment;
    this.#log = log;
  }

  /**
   * Creates a sandbox, waits until it has a machine, and returns its id. On cancellation or timeout, terminates the
   * sandbox that the server may already have created.
   */
  async create(options: CreateOptions, signal: AbortSignal): Promise<string> {
    const client = await this.#connection.client(signal);
    const app = await this.#connection.app(signal);
    options.onDidEnterStep("image");
    const { spec, name, tags, keepsExitSnapshot } = options;
    const imageId = options.imageId ?? (await this.#images.build(spec.image, signal));
    const image = await abortable(translated(client.images.fromId(imageId)), signal);
    const params = await abortable(translated(createParams(client, spec, this.#environment())), signal);

    options.onDidEnterStep("queued");
    signal.throwIfAborted();
    const creating = client.sandboxes.create(app, image, {
      ...params,
      name,
      tags: { ...tags, [NAME_TAG]: name },
      ...(keepsExitSnapshot && { experimentalOptions: { enable_exit_snapshot: true } }),
    });
    const deadline = AbortSignal.timeout(options.deadlineMs);
    try {
      const patience = AbortSignal.any([signal, deadline]);
      const sandbox = await abortable(creating, patience);
      this.#connection.adopt(sandbox);
      options.onDidEnterStep("starting");
      await abortable(hasStarted(sandbox), patience);
      return sandbox.sandboxId;
    } catch (error) {
      void this.#abandon(client, app.appId, options, creating);
      if (isAbort(error) && !signal.aborted) throw noCapacity(options, error);
      throw isAbort(error) ? error : createFailed(options, error);
    }
  }

  async list(signal: AbortSignal): Promise<ListedSandbox[]> {
    const client = await this.#connection.client(signal);
    const { appId } = await this.#connection.app(signal);
    return abortable(listSandboxes(client, { appId, environment: this.#environment() }, signal), signal);
  }

  /** Returns what the user should know before relying on a sandbox, such as a missing GPU. Everything else goes to the log. */
  async notices(signal: AbortSignal): Promise<string[]> {
    const client = await this.#connection.client(signal);
    const { serverWarnings } = await translated(client.cpClient.clientHello({}, { signal }));
    for (const { message } of serverWarnings) this.#log.info(message);
    return serverWarnings.filter(({ type }) => isResourceLimit(type)).map(({ message }) => message);
  }

  /** Returns the running sandbox with that id or name in any app of the environment, or `undefined`. */
  async find(idOrName: string, signal: AbortSignal): Promise<ListedSandbox | undefined> {
    const client = await this.#connection.client(signal);
    const listed = await abortable(
      listSandboxes(client, { appId: "", environment: this.#environment() }, signal),
      signal,
    );
    return listed.find(({ id, name }) => id === idOrName || name === idOrName);
  }

  /** Returns how the sandbox ended, or `undefined` while it runs. Rejects if there is no such sandbox. */
  async poll(sandboxId: string, signal: AbortSignal): Promise<SandboxResult | undefined> {
    return abortable(pollSandbox(await this.#connection.client(signal), sandboxId, signal), signal);
  }

  /** Terminates the sandbox. Does nothing if it has already ended. */
  async terminate(sandboxId: string, signal: AbortSignal): Promise<void> {
    const sandbox = await this.#connection.sandbox(sandboxId, signal);
    try {
      await sandbox.terminate();
    } catch (error) {
      if (!isNotFound(error)) throw translate(error);
    } finally {
      this.#connection.forget(sandboxId);
    }
  }

  /** Returns the names of its GPUs, or `undefined` if it has no tool that reports them. */
  async gpuNames(sandboxId: string, signal: AbortSignal): Promise<string[] | undefined> {
    const sandbox = await this.#connection.sandbox(sandboxId, signal);
    const asked = await abortable(translated(sandbox.exec([...GPU_NAMES])), signal);
    const answer = Promise.all([asked.stdout.readText(), asked.stderr.readText(), asked.wait()]);
    const [stdout, , exitCode] = await abortable(translated(answer), signal);
    return exitCode === 0 ? stdout.split("\n").filter((line) => line.trim() !== "") : undefined;
  }

  /** Returns the tunnels of the ports that the sandbox was created with. Waits at most `timeoutMs` for them. */
  async tunnels(sandboxId: string, timeoutMs: number, signal: AbortSignal): Promise<Tunnel[]> {
    const sandbox = await this.#connection.sandbox(sandboxId, signal);
    const tunnels = await abortable(translated(sandbox.tunnels(timeoutMs)), signal);
    return Object.entries(tunnels).map(([port, tunnel]) => tunnelOf(Number(port), tunnel));
  }

  /**
   * The SDK's create can't be canceled. Terminates its result, by name until the id is known, and again after a failure,
   * since the failure may be a lost answer.
   */
  async #abandon(
    client: ModalClient,
    appId: string,
    { name, onDidVanish }: CreateOptions,
    creating: Promise<Sandbox>,
  ): Promise<void> {
    const ended = new AbortController();
    const settled = creating
      .then((sandbox) => sandbox.terminate())
      .catch(() => undefined)
      .finally(() => ended.abort());
    for (;;) {
      const isLast = ended.signal.aborted;
      try {
        await this.#terminateNamed(client, appId, name);
        if (isLast) await onDidVanish();
      } catch (error) {
        this.#log.warn(`Abandoned sandbox ${name}: ${messageOf(error)}`);
      }
      if (isLast) return;
      await Promise.race([settled, delay(ABANDON_INTERVAL_MS)]);
    }
  }

  async #terminateNamed(client: ModalClient, appId: string, name: string): Promise<void> {
    const options = { appId, environment: this.#environment(), tags: { [NAME_TAG]: name } };
    for (const { id } of await listSandboxes(client, options, AbortSignal.timeout(ABANDON_CALL_MS)))
      await (await client.sandboxes.fromId(id)).terminate();
  }
}

function createFailed(options: CreateOptions, error: unknown): unknown {
  if (error instanceof Error && error.name === "ResourceExhaustedError") return noCapacity(options, error);
  return translate(error);
}

/** Runs in a shell, which reports a missing program by its exit code. */
const GPU_NAMES = ["sh", "-c", "nvidia-smi --query-gpu=name --format=csv,noheader"];

/** Waits until the sandbox has started on its machine and runs its first program, which the image may lack. */
async function hasStarted(sandbox: Sandbox): Promise<void> {
  try {
    const process = await sandbox.exec(["true"], { stdout: "ignore", stderr: "ignore" });
    await process.wait();
  } catch (error) {
    if (isNotFound(error)) throw error;
  }
}

const noCapacity = ({ spec, folder, imageId }: CreateOptions, cause: unknown) =>
  new UserError(
    spec.gpu
      ? `Modal has no ${formatGpu(spec.gpu)} free right now. Try again, or pick another GPU.`
      : "Modal has no machine free right now. Try again in a moment.",
    {
      cause,
      code: NO_CAPACITY,
      actions: [
        {
          title: "Pick Another GPU…",
          command: "modalSandboxes.createOnAnotherGpu",
          arguments: [spec, folder, imageId],
        },
      ],
    },
  );
