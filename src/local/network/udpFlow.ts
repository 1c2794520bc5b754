import { createSocket, type Socket } from "node:dgram";
import type { Disposable } from "../../base/disposable";

export interface UdpFlowOptions {
  readonly host: string;
  readonly port: number;
  readonly onAnswer: (data: Buffer) => void;
  readonly onEnd: () => void;
}

// UDP connections do not end, so this long without a datagram counts as the end.
const IDLE_MS = 60_000;

/** The UDP traffic between one port of a sandbox and one address. */
export class UdpFlow implements Disposable {
  readonly #socket: Socket;
  readonly #idle: ReturnType<typeof setTimeout>;
  readonly #onEnd: () => void;
  readonly #waiting: Buffer[] = [];
  #isConnected = false;
  #isFinished = false;

  constructor({ host, port, onAnswer, onEnd }: UdpFlowOptions) {
    this.#onEnd = onEnd;
    this.#socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    this.#idle = setTimeout(() => this.dispose(), IDLE_MS).unref();
    this.#socket.on("message", (data) => {
      this.#idle.refresh();
      onAnswer(data);
    });
    this.#socket.on("error", () => this.dispose());
    this.#socket.connect(port, host, () => {
      this.#isConnected = true;
      for (const data of this.#waiting.splice(0)) this.send(data);
    });
  }

  send(data: Buffer): void {
    if (this.#isFinished) return;
    this.#idle.refresh();
    if (this.#isConnected) this.#socket.send(data, () => undefined);
    else this.#waiting.push(data);
  }

  dispose(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    clearTimeout(this.#idle);
    this.#socket.close();
    this.#onEnd();
  }
}
