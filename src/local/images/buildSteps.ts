import { StringDecoder } from "node:string_decoder";
import type { Readable } from "node:stream";
import { delay, onAbort } from "../../base/async";
import { messageOf } from "../../base/errors";
import type { IsolatedRoot, ProcessExit } from "../base/isolation";
import { expand, readAssignments, readExecForm, type Instruction, type Variables } from "./dockerfile";
import type { ImageBuild } from "./imageBuild";
import type { BuilderOptions, BuildRequest } from "./buildRequest";
import type { LocalImage } from "./images";
import { readFrom, referenceFault, shortcomings } from "./registryImage";

/** The reason why an image cannot be built, phrased for the user. */
export class BuildFailure extends Error {
  override readonly name = "BuildFailure";
}

type Argv = readonly [string, ...string[]];

const SHELL: Argv = ["/bin/sh", "-c"];
// The end of a failing command's output that the error includes.
const TAIL_CHARACTERS = 2000;
// The time to wait for output while a program left behind by the command still holds the pipe.
const OUTPUT_WAIT_MS = 1000;

/** A build in progress: everything that its instructions have produced. */
export class BuildSteps {
  readonly #build: ImageBuild;
  readonly #request: BuildRequest;
  readonly #options: BuilderOptions;
  #env: Variables;
  #arguments: Variables = {};
  #workdir: string | undefined;
  #notices: readonly string[];
  #shell = SHELL;
  #hasFrom = false;
  #root: IsolatedRoot | undefined;

  constructor(build: ImageBuild, request: BuildRequest, options: BuilderOptions) {
    this.#build = build;
    this.#request = request;
    this.#options = options;
    this.#env = request.base?.env ?? {};
    this.#workdir = request.base?.workdir;
    this.#notices = request.base?.notices ?? [];
  }

  async perform({ name, argument }: Instruction): Promise<void> {
    if (IGNORED.has(name)) return;
    switch (name) {
      case "FROM":
        this.#from(argument);
        break;
      case "ENV":
        this.#env = { ...this.#env, ...readAssignments(argument, this.#variables()) };
        break;
      case "ARG":
        this.#arguments = { ...this.#arguments, ...readAssignments(argument, this.#variables()) };
        break;
      case "WORKDIR":
        await this.#changeFolder(expand(argument, this.#variables()));
        break;
      case "SHELL":
        this.#shell = readExecForm(argument) ?? fail('SHELL takes a list such as ["/bin/bash", "-c"].');
        break;
      case "RUN":
        await this.#run(argument);
        break;
      case "COPY":
      case "ADD":
        fail(refusalOf(name, argument));
        break;
      default:
        fail(`The local backend does not support the instruction ${name}.`);
    }
  }

  /** The image built from all instructions so far. */
  async finish(): Promise<LocalImage> {
    const { layers, isolation } = this.#options;
    const below = this.#request.base?.layers ?? [];
    const image = {
      id: this.#build.id,
      env: this.#env,
      workdir: this.#workdir,
      notices: this.#notices,
      expiresAt: undefined,
    };
    const root = this.#root;
    if (!root) return { ...image, layers: below };
    await root.stop();
    const own = await layers.add((folder) => root.saveChanges(folder));
    return { ...image, layers: isolation.layering === "stacked" ? [...below, own] : [own] };
  }

  async dispose(): Promise<void> {
    await this.#root?.dispose();
  }

  #from(argument: string): void {
    if (this.#hasFrom) fail("The local backend supports only one build stage. Remove the second FROM.");
    this.#hasFrom = true;
    if (this.#request.base) return;
    const image = readFrom(argument);
    const fault = referenceFault(image);
    if (fault !== undefined) fail(fault);
    this.#notices = shortcomings(image, this.#options.host);
    const own = `local backend: ${image.reference} stands for this machine's own programs; nothing is downloaded from a registry.`;
    for (const line of [own, ...this.#notices]) this.#build.log(`${line}\n`, "info");
  }

  async #changeFolder(path: string): Promise<void> {
    this.#workdir = path.startsWith("/") ? path : `${this.#workdir ?? ""}/${path}`;
    if (this.#root) await this.#execute(["mkdir", "-p", "--", this.#workdir], "/");
  }

  async #run(argument: string): Promise<void> {
    if (/<<-?["']?\w/.test(argument)) fail("The local backend does not support here-documents in RUN.");
    const flags = /^(?:--\w+(?:=\S+)?\s+)+/.exec(argument)?.[0] ?? "";
    const refused = flags.split(/\s+/).find((flag) => flag !== "" && !flag.startsWith("--mount=type=cache"));
    if (refused !== undefined) fail(`The local backend does not support RUN ${refused}.`);
    const command = argument.slice(flags.length);
    this.#build.log(`RUN ${command}\n`, "info");

    await this.#open();
    const argv = readExecForm(command) ?? [...this.#shell, command];
    const { exit, tail } = await this.#execute(argv, this.#workdir ?? "/");
    if (exit.kind === "code" && exit.code === 0) return;
    const end = exit.kind === "code" ? `exit code ${exit.code}` : `signal ${exit.signal}`;
    fail(`RUN ${command} failed with ${end}.\n${tail}`.trimEnd());
  }

  async #open(): Promise<void> {
    if (this.#root) return;
    const { isolation, layers } = this.#options;
    if (isolation.kind === "directory")
      fail(
        "The local backend cannot RUN commands on this machine: without isolation they would change the machine itself.",
      );
    const below = this.#request.base?.layers ?? [];
    this.#root = await isolation.createRoot({
      sandboxId: this.#build.id,
      layers: below.map((layer) => layers.folderOf(layer)),
    });
    if (this.#workdir !== undefined) await this.#execute(["mkdir", "-p", "--", this.#workdir], "/");
  }

  async #execute(argv: Argv, workdir: string): Promise<{ exit: ProcessExit; tail: string }> {
    const env = { ...this.#arguments, ...this.#env, ...this.#request.secretEnv };
    const process = await this.#start(argv, env, workdir);
    const stop = onAbort(this.#build.signal, () => process.kill("SIGKILL"));
    let tail = "";
    const follow = async (output: Readable, stream: "stdout" | "stderr"): Promise<void> => {
      const decoder = new StringDecoder("utf8");
      for await (const chunk of output) {
        const text = decoder.write(chunk as Buffer);
        tail = (tail + text).slice(-TAIL_CHARACTERS);
        this.#build.log(text, stream);
      }
    };
    process.stdin.end();
    const outputs = Promise.all([follow(process.stdout, "stdout"), follow(process.stderr, "stderr")]);
    outputs.catch(() => undefined);
    const exit = await process.exited;
    stop();
    await Promise.race([outputs, delay(OUTPUT_WAIT_MS)]);
    return { exit, tail };
  }

  async #start(argv: Argv, env: Variables, workdir: string) {
    if (!this.#root) throw new Error("A build runs its commands in a root.");
    try {
      return await this.#root.spawn({ argv, env, workdir });
    } catch (error) {
      return fail(`RUN ${argv.join(" ")} could not start: ${messageOf(error)}`);
    }
  }

  #variables(): Variables {
    return { ...this.#options.baseEnv, ...this.#arguments, ...this.#env };
  }
}

/** Modal ignores these instructions too. */
const IGNORED = new Set([
  ...["CMD", "ENTRYPOINT", "EXPOSE", "LABEL", "USER"],
  ...["HEALTHCHECK", "MAINTAINER", "ONBUILD", "STOPSIGNAL", "VOLUME"],
]);

const refusalOf = (name: string, argument: string): string =>
  argument.includes("--from=")
    ? `The local backend cannot ${name} --from another image: its only image is this machine's own programs.`
    : `The local backend cannot ${name}: a build has no local files. Write them into a running sandbox instead.`;

function fail(message: string): never {
  throw new BuildFailure(message);
}
