import { connect } from "node:net";
import type { Disposable } from "../../base/disposable";
import type { Allowlist } from "../base/isolation";
import { answeredAddresses, questionName, refusal } from "./dnsMessage";
import { protocol, readPacket, toText, type Packet } from "./ipv4";
import { OutboundPolicy } from "./outboundPolicy";
import { TcpFlow, type Reply } from "./tcpFlow";
import { flag, readOptions, readSegment, writeSegment, type TcpOptions, type TcpSegment } from "./tcpSegment";
import { readDatagram, writeDatagram, type UdpDatagram } from "./udpDatagram";
import { UdpFlow } from "./udpFlow";

// Addresses that no network uses, see RFC 7335: the sandbox's own, and that of its name server.
export const SANDBOX_ADDRESS = "192.0.0.2";
export const GATEWAY_ADDRESS = "192.0.0.1";
export const PREFIX_MASK = "255.255.255.248";
/**
 * The largest packet that the kernel accepts from a device whose packet size is a 16-bit number. Fewer packets are
 * faster.
 */
export const PACKET_BYTES = 65_520;

const HEADERS_BYTES = 40;
export const DNS_PORT = 53;
const MAX_FLOWS = 4096;

export interface GatewayOptions {
  readonly allowlist: Allowlist | undefined;
  /** The name server of this machine. */
  readonly resolver: () => Target;
  /** Hands a packet to the sandbox. */
  readonly send: (packet: Buffer) => void;
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

interface Flow extends Disposable {
  /** The destination as the sandbox sees it. */
  readonly address: string;
  readonly receive: (packet: Packet) => void;
}

/**
 * The other end of a sandbox's own network. It takes the packets that the sandbox sends and opens a connection of this
 * machine for each of the sandbox's. Nothing has to be set up on this machine that could outlive the server.
 */
export class Gateway implements Disposable {
  readonly #options: GatewayOptions;
  readonly #flows = new Map<string, Flow>();
  readonly #learnt = new Map<string, readonly string[]>();
  #policy: OutboundPolicy;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#policy = new OutboundPolicy(options.allowlist);
  }

  receive(data: Buffer): void {
    const packet = readPacket(data);
    if (packet?.protocol === protocol.tcp) this.#receiveTcp(packet);
    if (packet?.protocol === protocol.udp) this.#receiveUdp(packet);
  }

  /** Also applies to open connections: the ones that the list forbids are reset. */
  setAllowlist(allowlist: Allowlist): void {
    this.#policy = new OutboundPolicy(allowlist);
    for (const [name, addresses] of this.#learnt) this.#policy.learn(name, addresses);
    for (const flow of [...this.#flows.values()])
      if (flow.address !== GATEWAY_ADDRESS && !this.#policy.allowsAddress(flow.address)) flow.dispose();
  }

  dispose(): void {
    for (const flow of [...this.#flows.values()]) flow.dispose();
  }

  #receiveTcp(packet: Packet): void {
    const segment = readSegment(packet);
    if (!segment) return;
    const key = keyOf(packet, segment);
    const flow = this.#flows.get(key);
    if (flow) {
      flow.receive(packet);
      return;
    }
    if (segment.flags & flag.rst) return;
    // Questions in a TCP stream are not inspected, so they are allowed only if every name is.
    const mayAsk = this.#policy.allowsAllNames || !isForNames(packet, segment);
    const target = mayAsk ? this.#targetOf(packet, segment.destinationPort) : undefined;
    const isOpening = (segment.flags & (flag.syn | flag.ack)) === flag.syn;
    if (isOpening && target !== undefined && this.#flows.size < MAX_FLOWS)
      this.#openTcp(packet, segment, { key, target });
    else this.#refuse(packet, segment);
  }

  #openTcp(packet: Packet, opening: TcpSegment, { key, target }: { key: string; target: Target }): void {
    const flow = new TcpFlow({
      opening,
      peer: readOptions(packet),
      maxSegmentBytes: PACKET_BYTES - HEADERS_BYTES,
      socket: connect({ ...target, noDelay: true, allowHalfOpen: true }),
      send: (reply, options) => this.#reply(packet, opening, reply, options),
      onEnd: () => this.#flows.delete(key),
    });
    this.#flows.set(key, {
      address: toText(packet.destination),
      receive: (next) => {
        const segment = readSegment(next);
        if (segment) flow.receive(segment);
      },
      dispose: () => flow.reset(),
    });
  }

  #refuse(packet: Packet, { sequence, acknowledged, data, flags, ...ports }: TcpSegment): void {
    const consumed = data.length + (flags & (flag.syn | flag.fin) ? 1 : 0);
    const answer = { flags: flag.rst | flag.ack, window: 0, data: Buffer.alloc(0) };
    const ours = flags & flag.ack ? acknowledged : 0;
    this.#reply(packet, ports, { ...answer, sequence: ours, acknowledged: (sequence + consumed) >>> 0 });
  }

  #reply(packet: Packet, to: Ports, reply: Reply, options?: TcpOptions): void {
    const ports = { sourcePort: to.destinationPort, destinationPort: to.sourcePort };
    this.#options.send(writeSegment(back(packet), { ...ports, ...reply }, options));
  }

  #receiveUdp(packet: Packet): void {
    const datagram = readDatagram(packet);
    if (!datagram) return;
    const answer = (data: Buffer) => {
      const ports = { sourcePort: datagram.destinationPort, destinationPort: datagram.sourcePort };
      this.#options.send(writeDatagram(back(packet), { ...ports, data }));
    };
    if (isForNames(packet, datagram) && !this.#mayAsk(datagram)) {
      answer(refusal(datagram.data));
      return;
    }
    const key = keyOf(packet, datagram);
    const flow = this.#flows.get(key) ?? this.#openUdp(packet, datagram, { key, answer });
    flow?.receive(packet);
  }

  #openUdp(
    packet: Packet,
    { destinationPort: port, ...datagram }: UdpDatagram,
    { key, answer }: { key: string; answer: (data: Buffer) => void },
  ): Flow | undefined {
    const target = this.#targetOf(packet, port);
    if (target === undefined || this.#flows.size >= MAX_FLOWS) return undefined;
    const isForNames = toText(packet.destination) === GATEWAY_ADDRESS;
    const udp = new UdpFlow({
      ...target,
      onAnswer: (data) => {
        if (isForNames) this.#learn(data);
        answer(data);
      },
      onEnd: () => this.#flows.delete(key),
    });
    const flow: Flow = {
      address: toText(packet.destination),
      receive: (next) => udp.send(readDatagram(next)?.data ?? datagram.data),
      dispose: () => udp.dispose(),
    };
    this.#flows.set(key, flow);
    return flow;
  }

  /** The destination of a packet on this machine's network. Undefined if the sandbox may not reach it. */
  #targetOf({ destination }: Packet, port: number): Target | undefined {
    const address = toText(destination);
    if (address === GATEWAY_ADDRESS) return port === DNS_PORT ? this.#options.resolver() : undefined;
    return this.#policy.allowsAddress(address) ? { host: address, port } : undefined;
  }

  #mayAsk({ data }: UdpDatagram): boolean {
    const name = questionName(data);
    return this.#policy.allowsAllNames || (name !== undefined && this.#policy.allowsName(name));
  }

  #learn(answer: Buffer): void {
    const name = questionName(answer);
    if (name === undefined) return;
    const addresses = answeredAddresses(answer);
    this.#learnt.set(name, addresses);
    this.#policy.learn(name, addresses);
  }
}

type Ports = Pick<TcpSegment, "sourcePort" | "destinationPort">;

const isForNames = ({ destination }: Packet, { destinationPort }: Ports): boolean =>
  toText(destination) === GATEWAY_ADDRESS && destinationPort === DNS_PORT;

const back = ({ source, destination }: Packet) => ({ source: destination, destination: source });

const keyOf = ({ protocol, source, destination }: Packet, { sourcePort, destinationPort }: Ports): string =>
  [protocol, source, sourcePort, destination, destinationPort].join();
