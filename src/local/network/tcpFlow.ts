import { randomInt } from "node:crypto";
import type { Socket } from "node:net";
import type { Disposable } from "../../base/disposable";
import { SendQueue } from "./sendQueue";
import { flag, type TcpOptions, type TcpSegment } from "./tcpSegment";

/** The part of a segment that the flow decides. Its gateway adds ports and addresses. */
export type Reply = Pick<TcpSegment, "sequence" | "acknowledged" | "flags" | "window" | "data">;

export interface TcpFlowOptions {
  /** The segment with which the sandbox opens the connection, and its options. */
  readonly opening: TcpSegment;
  readonly peer: TcpOptions;
  readonly maxSegmentBytes: number;
  /** The connection to the destination, still being opened. It allows half-open ends. */
  readonly socket: Socket;
  readonly send: (reply: Reply, options?: TcpOptions) => void;
  readonly onEnd: () => void;
}

const WINDOW_SCALE = 7;
const WINDOW_BYTES = 0xffff << WINDOW_SCALE;
/** The most bytes from outside that may wait for the sandbox. */
const QUEUE_BYTES = 1024 * 1024;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 4000;
const NO_DATA = Buffer.alloc(0);

/**
 * The far end of a TCP connection from a sandbox, joined to a socket of this machine. The path to the sandbox is a pipe
 * that keeps order and hardly ever loses data. Bytes that are not acknowledged in time are therefore sent again from
 * that point, and segments that arrive out of order are dropped for the sandbox to repeat.
 */
export class TcpFlow implements Disposable {
  readonly #options: TcpFlowOptions;
  readonly #queue = new SendQueue();
  readonly #firstSequence = randomInt(2 ** 32);
  readonly #peerScale: number;
  readonly #segmentBytes: number;
  /** The first unacknowledged byte, the next byte to send, and the byte after the last one ever sent. */
  #unacknowledged: number;
  #next: number;
  #highest: number;
  #expected: number;
  #peerWindow: number;
  #isOpen = false;
  #hasEnded = false;
  #isEndSent = false;
  #hasPeerEnded = false;
  #isFinished = false;
  #retryMs = FIRST_RETRY_MS;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(options: TcpFlowOptions) {
    const { opening, peer, socket } = options;
    this.#options = options;
    this.#peerScale = peer.windowScale ?? 0;
    this.#segmentBytes = Math.min(peer.maxSegmentBytes, options.maxSegmentBytes);
    this.#peerWindow = opening.window;
    this.#expected = (opening.sequence + 1) >>> 0;
    this.#unacknowledged = (this.#firstSequence + 1) >>> 0;
    this.#next = this.#unacknowledged;
    this.#highest = this.#unacknowledged;

    socket.once("connect", () => {
      this.#isOpen = true;
      this.#accept();
    });
    socket.on("data", (data: Buffer) => {
      this.#queue.push(data);
      if (this.#queue.length > QUEUE_BYTES) socket.pause();
      this.#transmit();
    });
    socket.once("end", () => {
      this.#hasEnded = true;
      this.#transmit();
    });
    socket.on("drain", () => this.#acknowledge());
    socket.on("error", () => this.reset());
    socket.once("close", () => {
      if (!this.#hasEnded) this.reset();
    });
  }

  receive(segment: TcpSegment): void {
    if (segment.flags & flag.rst) {
      this.dispose();
      return;
    }
    if (!this.#isOpen) return;
    if (segment.flags & flag.syn) {
      this.#accept();
      return;
    }
    this.#takeAcknowledgement(segment);
    this.#takeData(segment);
    if (this.#hasPeerEnded && this.#isEndSent && this.#unacknowledged === this.#next) this.#finish();
  }

  /** Resets the connection and destroys the socket, so that both sides notice immediately. */
  reset(): void {
    if (this.#isFinished) return;
    this.#emit({ flags: flag.rst | flag.ack, sequence: this.#next });
    this.dispose();
  }

  dispose(): void {
    this.#finish();
    this.#options.socket.destroy();
  }

  #accept(): void {
    const { peer, maxSegmentBytes } = this.#options;
    const isScaled = peer.windowScale !== undefined;
    this.#emit(
      { flags: flag.syn | flag.ack, sequence: this.#firstSequence, window: 0xffff },
      { maxSegmentBytes, windowScale: isScaled ? WINDOW_SCALE : undefined },
    );
  }

  #takeAcknowledgement({ flags, acknowledged, window }: TcpSegment): void {
    if (!(flags & flag.ack)) return;
    const fresh = (acknowledged - this.#unacknowledged) >>> 0;
    if (fresh > (this.#highest - this.#unacknowledged) >>> 0) return;
    this.#peerWindow = window << this.#peerScale;
    if (fresh > 0) {
      this.#queue.drop(Math.min(fresh, this.#queue.length));
      this.#unacknowledged = acknowledged;
      if (isBefore(this.#next, acknowledged)) this.#next = acknowledged;
      this.#stopRetrying();
      if (this.#queue.length < QUEUE_BYTES / 2) this.#options.socket.resume();
    }
    this.#transmit();
  }

  #takeData({ sequence, data, flags }: TcpSegment): void {
    const isEnd = (flags & flag.fin) !== 0;
    if (data.length === 0 && !isEnd) return;
    const known = (this.#expected - sequence) | 0;
    if (known >= 0 && !this.#hasPeerEnded) {
      const { socket } = this.#options;
      const fresh = data.subarray(known);
      if (fresh.length > 0) socket.write(fresh);
      this.#expected = (this.#expected + fresh.length) >>> 0;
      if (isEnd) {
        this.#hasPeerEnded = true;
        this.#expected = (this.#expected + 1) >>> 0;
        socket.end();
      }
    }
    this.#acknowledge();
  }

  /** Sends as much as the sandbox has room for. With `atLeast`, probes whether it has room again. */
  #transmit(atLeast = 0): void {
    if (this.#isFinished) return;
    for (;;) {
      const offset = (this.#next - this.#unacknowledged) >>> 0;
      const room = Math.max(this.#peerWindow, atLeast) - offset;
      const length = Math.min(this.#queue.length - offset, room, this.#segmentBytes);
      if (length <= 0) break;
      this.#emit({ flags: flag.ack | flag.psh, sequence: this.#next, data: this.#queue.slice(offset, length) });
      this.#advance(length);
    }
    const isAllSent = (this.#next - this.#unacknowledged) >>> 0 === this.#queue.length;
    if (this.#hasEnded && !this.#isEndSent && isAllSent) {
      this.#emit({ flags: flag.ack | flag.fin, sequence: this.#next });
      this.#isEndSent = true;
      this.#advance(1);
    }
    if (this.#queue.length > 0 || this.#next !== this.#unacknowledged) this.#retryLater();
  }

  #advance(length: number): void {
    this.#next = (this.#next + length) >>> 0;
    if (isBefore(this.#highest, this.#next)) this.#highest = this.#next;
  }

  #retryLater(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
      this.#next = this.#unacknowledged;
      this.#isEndSent = false;
      this.#transmit(1);
    }, this.#retryMs).unref();
  }

  #stopRetrying(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#retryMs = FIRST_RETRY_MS;
  }

  #acknowledge(): void {
    if (!this.#isFinished) this.#emit({ flags: flag.ack, sequence: this.#next });
  }

  #finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#stopRetrying();
    this.#options.onEnd();
  }

  #emit(reply: Pick<Reply, "flags" | "sequence"> & Partial<Reply>, options?: TcpOptions): void {
    const room = Math.max(0, WINDOW_BYTES - this.#options.socket.writableLength);
    const window = Math.min(0xffff, this.#options.peer.windowScale === undefined ? room : room >> WINDOW_SCALE);
    this.#options.send({ data: NO_DATA, acknowledged: this.#expected, window, ...reply }, options);
  }
}

const isBefore = (earlier: number, later: number): boolean => ((earlier - later) | 0) < 0;
