import { realpathSync } from "node:fs";
import { parentPort, workerData, type MessagePort } from "node:worker_threads";

import { abortError } from "../../base/async";
import { AcceptedRulesStore } from "../rules/acceptedRules";
import { BaselineStore } from "../folder/baseline";
import { Blocks } from "../archive/blocks";
import { SendWindow } from "./sendWindow";
import { explain } from "../rules/explain";
import { resolveRoot } from "../folder/folderRoot";
import { Gzip } from "../archive/gzip";
import { keepOutputs } from "../pull/keepOutputs";
import { pack, type PackProgress } from "../archive/pack";
import { PullOrigins } from "../pull/pullOrigins";
import { PullSession } from "../pull/pullSession";
import { PushSession } from "../push/pushSession";
import { Scanner } from "../folder/scan";
import { TakenOutputs } from "../pull/takenOutputs";
import { STREAM_WINDOW, type FromWorker, type SyncCall, type SyncCalls, type ToWorker } from "./syncCalls";

/** The data that the worker is started with. */
export interface SyncWorkerData {
  readonly baselineFolder: string | undefined;
}

type Handlers = {
  readonly [C in SyncCall]: (
    params: SyncCalls[C]["params"],
  ) => SyncCalls[C]["result"] | Promise<SyncCalls[C]["result"]>;
};

/** Runs in its own thread because its disk access is synchronous: see `SyncThread`. */
class SyncWorker {
  readonly #port: MessagePort;
  readonly #baselines: BaselineStore;
  readonly #accepted: AcceptedRulesStore;
  readonly #scanners = new Map<string, Scanner>();
  readonly #sessions = new Map<number, PushSession>();
  readonly #pulls = new Map<number, PullSession>();
  readonly #origins = new Map<string, PullOrigins>();
  readonly #streams = new Map<number, Stream>();

  readonly #handlers: Handlers = {
    open: ({ session, root, keys }) => {
      const resolved = resolveRoot(root);
      if ("problem" in resolved) return resolved;
      const scan = this.#scanner(resolved.path).scan();
      const opened = new PushSession({
        root: resolved.path,
        scan,
        keys,
        baselines: this.#baselines,
        accepted: this.#accepted,
      });
      this.#sessions.set(session, opened);
      return { plans: opened.plans };
    },
    prepare: (root) => {
      const resolved = resolveRoot(root);
      if ("path" in resolved) this.#scanner(resolved.path).scan();
      return null;
    },
    pack: async ({ session, stream, targets, isCompressed }) => {
      const opened = this.#session(session);
      const progress: PackProgress = { files: 0, bytes: 0, path: "" };
      const gzip = isCompressed ? new Gzip() : undefined;
      const sink = new Stream({ stream, progress, gzip }, this.#port);
      this.#streams.set(stream, sink);
      try {
        const packed = await pack(opened.root, opened.cargoFor(targets), sink, progress);
        opened.keepPacked(stream, packed, targets);
        sink.flush();
        const { files, bytes } = progress;
        const { skipped } = packed;
        return { files, bytes, wireBytes: sink.sentBytes, compressMs: gzip?.elapsedMs ?? 0, skipped };
      } finally {
        this.#streams.delete(stream);
      }
    },
    ask: ({ session, target }) => this.#session(session).ask(target),
    noteImage: ({ session, target, listing }) => {
      this.#session(session).noteImage(target, listing);
      return null;
    },
    replan: ({ session, target, output }) => this.#session(session).replan(target, output),
    preview: ({ session, target, output }) => this.#session(session).preview(target, output),
    noteKept: ({ session, target, stamp, report }) => {
      this.#session(session).noteKept(target, { stamp, report });
      return null;
    },
    confirm: ({ session, target, stream, generation, stamp, report }) =>
      this.#session(session).confirm(target, stream, { generation, stamp, report }),
    leftOutputs: (key) => {
      const taken = new TakenOutputs(key, this.#baselines);
      return taken.isUnseen ? "unseen" : taken.left;
    },
    noteUnseen: ({ key, listing }) => {
      const resolved = resolveRoot(key.root);
      if ("problem" in resolved) return false;
      const context = { baselines: this.#baselines, origins: this.#originsOf(resolved.path), rules: rulesHere };
      return new PullSession(resolved.path, { key, patterns: ["**"], into: "" }, context).noteUnseen(listing);
    },
    noteBegun: (key) => {
      new TakenOutputs(key, this.#baselines).noteBegun();
      return null;
    },
    movedLeft: (key) => {
      new TakenOutputs(key, this.#baselines).leave();
      return null;
    },
    pendingRules: ({ session, target }) => this.#session(session).pendingRules(target),
    acceptRules: ({ session, target }) => {
      this.#session(session).acceptRules(target);
      return null;
    },
    askFor: ({ root, path }) => {
      this.#accepted.askFor(realpathSync(root), path);
      return null;
    },
    keepOutputs: (request) => keepOutputs({ ...request, root: realpathSync(request.root) }, rulesHere),
    isKnown: (key) => this.#baselines.get(key) !== undefined,
    explain: ({ root, path }) => explain(realpathSync(root), path),
    openPull: ({ session, root, path, since }) => {
      const resolved = since ? resolveRoot(root) : { path: realpathSync(root) };
      if ("problem" in resolved) return resolved.problem;
      const context = { baselines: this.#baselines, origins: this.#originsOf(resolved.path), rules: rulesHere };
      this.#pulls.set(session, new PullSession(resolved.path, since, context, path));
      return null;
    },
    planPull: ({ session }) => this.#pull(session).plan(),
    startPull: ({ session, ...decision }) => this.#pull(session).start(decision),
    recheckPull: ({ session, changed }) => this.#pull(session).recheck(changed),
    endPull: ({ session, isStopped }) => {
      const pull = this.#pull(session);
      this.#pulls.delete(session);
      return pull.finish(isStopped);
    },
    close: ({ session }) => {
      this.#sessions.delete(session);
      return null;
    },
  };

  constructor(port: MessagePort, { baselineFolder }: SyncWorkerData) {
    this.#port = port;
    this.#baselines = new BaselineStore(baselineFolder);
    this.#accepted = new AcceptedRulesStore(baselineFolder);
    port.on("message", (message: ToWorker) => {
      if (message.kind === "taken") this.#streams.get(message.stream)?.taken(message.buffer);
      else if (message.kind === "stop") this.#streams.get(message.stream)?.stop();
      else if (message.kind === "feed") this.#feed(message.session, message.bytes);
      else void this.#answer(message.id, message.call, message.params);
    });
  }

  async #answer(id: number, call: SyncCall, params: unknown): Promise<void> {
    const handler = this.#handlers[call] as (params: unknown) => unknown;
    try {
      this.#post({ kind: "answer", id, answer: await handler(params) });
    } catch (error) {
      this.#post({ kind: "failure", id, error });
    }
  }

  /** Each folder has a scanner that remembers its last scan. */
  #scanner(root: string): Scanner {
    const scanner = this.#scanners.get(root) ?? new Scanner(root);
    this.#scanners.set(root, scanner);
    return scanner;
  }

  #originsOf(root: string): PullOrigins {
    const origins = this.#origins.get(root) ?? new PullOrigins();
    this.#origins.set(root, origins);
    return origins;
  }

  #session(id: number): PushSession {
    const session = this.#sessions.get(id);
    if (!session) throw abortError();
    return session;
  }

  #pull(id: number): PullSession {
    const pull = this.#pulls.get(id);
    if (!pull) throw abortError();
    return pull;
  }

  #feed(session: number, bytes: Uint8Array<ArrayBuffer>): void {
    const pull = this.#pulls.get(session);
    pull?.write(bytes);
    const { buffer } = bytes;
    const { counts = NO_COUNTS, isEnough = false } = pull ?? {};
    this.#post({ kind: "fed", session, buffer, counts, isEnough }, [buffer]);
  }

  #post(message: FromWorker, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}

/**
 * A case-sensitive volume on macOS is treated as case-insensitive: only a second spelling of a name is then refused.
 */
const rulesHere = {
  isWindows: process.platform === "win32",
  foldsCase: process.platform === "win32" || process.platform === "darwin",
};

const NO_COUNTS = { files: 0, bytes: 0, path: "" };

/** An archive that is sent to the host in blocks, limited by a `SendWindow`. */
class Stream {
  readonly #blocks: Blocks;
  /** Receives the archive: the blocks themselves, or a compressor in front of them. */
  readonly #input: Blocks;
  readonly #window = new SendWindow(STREAM_WINDOW);
  #isStopped = false;
  #sentBytes = 0;

  constructor({ stream, progress, gzip }: StreamOptions, port: MessagePort) {
    this.#blocks = new Blocks((bytes) => {
      this.#window.take();
      this.#sentBytes += bytes.length;
      const message: FromWorker = { kind: "block", stream, bytes, progress };
      port.postMessage(message, [bytes.buffer]);
    });
    this.#input = gzip ? compressing(gzip, this.#blocks) : this.#blocks;
  }

  get sentBytes(): number {
    return this.#sentBytes;
  }

  write(chunk: Uint8Array): void {
    this.#input.append(chunk);
  }

  async ready(): Promise<void> {
    await this.#window.available();
    if (this.#isStopped) throw abortError();
  }

  flush(): void {
    this.#input.flush();
    this.#blocks.flush();
  }

  taken(buffer: ArrayBuffer): void {
    this.#blocks.recycle(buffer);
    this.#window.grant();
  }

  stop(): void {
    this.#isStopped = true;
    this.#window.release();
  }
}

interface StreamOptions {
  readonly stream: number;
  readonly progress: PackProgress;
  readonly gzip: Gzip | undefined;
}

function compressing(gzip: Gzip, into: Blocks): Blocks {
  const blocks: Blocks = new Blocks((block) => {
    into.append(gzip.compress(block));
    blocks.recycle(block.buffer);
  });
  return blocks;
}

if (!parentPort) throw new Error("This is a worker's entry point.");
new SyncWorker(parentPort, workerData as SyncWorkerData);
