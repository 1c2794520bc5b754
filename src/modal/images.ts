import { randomBytes } from "node:crypto";
import type { ModalClient } from "modal";
import { abortable } from "../base/async";
import { UserError, type ErrorAction } from "../base/errors";
import { Emitter } from "../base/event";
import type { Connection } from "./connection";
import { translate, translated } from "./errors";
import { ImageBuild } from "./imageBuild";
import { followLayer, startLayer } from "./imageRpc";
import type { ImageLayer, ImageRecipe } from "./spec";

interface SharedBuild {
  readonly imageId: Promise<string>;
  readonly abort: AbortController;
  wanted: number;
}

interface Builder {
  readonly client: ModalClient;
  readonly appId: string;
  readonly builderVersion: string;
  readonly build: ImageBuild;
  readonly signal: AbortSignal;
}

/** Builds images layer by layer. Modal keeps each layer, so only changed layers are built again. */
export class ImageGateway {
  readonly #connection: Connection;
  readonly #builds = new Map<string, SharedBuild>();
  readonly #started = new Emitter<ImageBuild>();
  /** Fires when something is actually built, never for an existing image. */
  readonly onDidStartBuild = this.#started.event;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Returns the id of the recipe's image. Concurrent calls for the same recipe share a build. */
  async build(recipe: ImageRecipe, signal: AbortSignal): Promise<string> {
    const key = JSON.stringify(recipe.layers);
    const shared = this.#builds.get(key) ?? this.#start(key, recipe);
    shared.wanted += 1;
    try {
      return await abortable(shared.imageId, signal);
    } finally {
      shared.wanted -= 1;
      if (shared.wanted === 0) this.#drop(key, shared);
    }
  }

  #start(key: string, recipe: ImageRecipe): SharedBuild {
    const abort = new AbortController();
    const shared = { imageId: this.#build(recipe, abort.signal), abort, wanted: 0 };
    this.#builds.set(key, shared);
    return shared;
  }

  /** A build on the server continues, and the next call finds its result. */
  #drop(key: string, shared: SharedBuild): void {
    shared.abort.abort();
    if (this.#builds.get(key) === shared) this.#builds.delete(key);
  }

  async #build(recipe: ImageRecipe, signal: AbortSignal): Promise<string> {
    const client = await this.#connection.client(signal);
    const { appId, environmentName } = await this.#connection.app(signal);
    const builderVersion = await translated(client.getImageBuilderVersion(environmentName));
    const build = new ImageBuild(randomBytes(6).toString("hex"), recipe.label);
    const builder = { client, appId, builderVersion, build, signal };
    try {
      let imageId = await this.#layer(builder, recipe.layers[0], undefined);
      for (const layer of recipe.layers.slice(1)) imageId = await this.#layer(builder, layer, imageId);
      build.end({ kind: "built" });
      return imageId;
    } catch (error) {
      // A failed layer has already ended the build, and only the first outcome counts.
      build.end({ kind: "canceled" });
      throw translate(error);
    }
  }

  async #layer(builder: Builder, layer: ImageLayer, base: string | undefined): Promise<string> {
    const { client, build, signal } = builder;
    const commands = base === undefined ? layer.commands : ["FROM base", ...layer.commands];
    const { imageId, outcome } = await startLayer(client, { ...builder, commands, base }, signal);
    build.enterLayer(layer.title);
    const end = outcome ?? (await this.#follow(builder, imageId));
    if (end.kind === "built") return imageId;

    const reason = build.lastLine ?? end.reason.trim();
    build.end({ kind: "failed", layer: layer.title, reason });
    throw buildFailed(build, layer, reason, end.reason);
  }

  async #follow({ client, build, signal }: Builder, imageId: string) {
    if (build.announce()) this.#started.fire(build);
    return followLayer(client, imageId, (text) => build.write(text), signal);
  }
}

function buildFailed(build: ImageBuild, { title }: ImageLayer, reason: string, cause: string): UserError {
  const sentence = /[.!?]$/.test(reason) ? reason : `${reason}.`;
  return new UserError(`The image cannot be built: ${title} failed: ${sentence}`, {
    cause,
    actions: [build.isAnnounced ? showBuildLog(build) : openSettings, showLog],
  });
}

const showBuildLog = ({ id }: ImageBuild): ErrorAction => ({
  title: "Show Build Log",
  command: "modalSandboxes.showBuildLog",
  arguments: [id],
});

const openSettings: ErrorAction = {
  title: "Open Settings",
  command: "workbench.action.openSettings",
  arguments: ["modalSandboxes.image"],
};

const showLog: ErrorAction = { title: "Show Log", command: "modalSandboxes.showLog" };
