import { spawn, type ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import type { Host } from "../host/host";

/**
 * Connects from within a network namespace. A Node process inside opens each connection and hands the open socket over,
 * so that nothing is relayed. The process starts with the first connection and ends with the server.
 */
export class NamespaceConnector {
  readonly #host: Host;
  readonly #enter: readonly string[];
  readonly #pending = new Map<number, { resolve: (socket: Socket) => void; reject: (error: Error) => void }>();
  #child: ChildProcess | undefined;
  #lastId = 0;

  /** `enter` is a command prefix that runs a command in the namespace. */
  constructor(host: Host, enter: readonly string[]) {
    this.#host = host;
    this.#enter = enter;
  }

  connect(port: number): Promise<Socket> {
    const child = (this.#child ??= this.#start());
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      child.send({ id, port });
    });
  }

  dispose(): void {
    this.#child?.kill("SIGKILL");
  }

  #start(): ChildProcess {
    const [program, ...words] = [...this.#enter, this.#host.nodePath, "-e", IN_NAMESPACE];
    const child = spawn(program, words, {
      cwd: "/",
      env: { ELECTRON_RUN_AS_NODE: "1" },
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    child.on("message", (message: Answer, socket) => {
      const waiting = this.#pending.get(message.id);
      this.#pending.delete(message.id);
      if (socket instanceof Socket) waiting?.resolve(socket);
      else waiting?.reject(Object.assign(new Error(message.message), { code: message.code }));
    });
    child.once("exit", () => {
      this.#child = undefined;
      for (const { reject } of this.#pending.values()) reject(new Error("The sandbox's network has ended."));
      this.#pending.clear();
    });
    child.once("error", () => undefined);
    return child;
  }
}

interface Answer {
  readonly id: number;
  readonly code?: string;
  readonly message?: string;
}

// The socket must not read before it is handed over, because those bytes would be lost.
const IN_NAMESPACE = `
process.on("disconnect", () => process.exit());
process.on("message", ({ id, port }) => {
  const socket = require("node:net").createConnection({ host: "127.0.0.1", port, noDelay: true });
  socket.pause();
  socket.once("connect", () => process.send({ id }, socket));
  socket.once("error", ({ code, message }) => process.connected && process.send({ id, code, message }));
});
`;
