import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, it } from "mocha";
import { Emitter } from "../../../../src/base/event";
import { DNS_PORT, Gateway, GATEWAY_ADDRESS, SANDBOX_ADDRESS } from "../../../../src/local/network/gateway";
import { protocol, readPacket } from "../../../../src/local/network/ipv4";
import {
  flag,
  readOptions,
  readSegment,
  writeSegment,
  type TcpSegment,
} from "../../../../src/local/network/tcpSegment";
import { readDatagram, writeDatagram } from "../../../../src/local/network/udpDatagram";

const toNumber = (address: string): number => Buffer.from(address.split(".").map(Number)).readUInt32BE(0);
const SANDBOX = toNumber(SANDBOX_ADDRESS);
const GATEWAY = toNumber(GATEWAY_ADDRESS);
const NO_DATA = Buffer.alloc(0);

/** A sandbox's kernel by hand, whose connections lead to a server of the test by way of the resolver's port. */
class Peer {
  readonly #received = new Emitter<Buffer>();
  readonly #waiting: Buffer[] = [];
  readonly #port: number;
  readonly gateway = new Gateway({
    allowlist: undefined,
    resolver: () => ({ host: "127.0.0.1", port: this.#port }),
    send: (packet) => {
      this.#waiting.push(packet);
      this.#received.fire(packet);
    },
  });

  constructor(port: number) {
    this.#port = port;
  }

  send(packet: Buffer): void {
    this.gateway.receive(packet);
  }

  async next(): Promise<Buffer> {
    for (;;) {
      const packet = this.#waiting.shift();
      if (packet) return packet;
      await new Promise<void>((resolve) => {
        const listening = this.#received.event(() => {
          listening.dispose();
          resolve();
        });
      });
    }
  }
}

describe("the gateway of a sandbox's network", () => {
  const cleanUp: (() => void)[] = [];
  afterEach(() => {
    for (const step of cleanUp.splice(0)) step();
  });

  const startPeer = (port = 0) => {
    const peer = new Peer(port);
    cleanUp.push(() => peer.gateway.dispose());
    return peer;
  };

  it("refuses a connection to a forbidden address", async () => {
    const peer = startPeer();
    peer.send(segment({ destination: toNumber("169.254.169.254"), destinationPort: 80, flags: flag.syn }));
    const { flags, acknowledged } = await nextSegment(peer);
    assert.deepEqual([flags, acknowledged], [flag.rst | flag.ack, 101]);
  });

  it("answers with checksums that the kernel accepts", async () => {
    const peer = startPeer();
    peer.send(segment({ destination: GATEWAY, destinationPort: 80, flags: flag.syn }));
    const packet = await peer.next();
    const pseudo = Buffer.concat([packet.subarray(12, 20), Buffer.from([0, protocol.tcp, 0, packet.length - 20])]);
    assert.equal(sum(packet.subarray(0, 20)), 0xffff);
    assert.equal(sum(Buffer.concat([pseudo, packet.subarray(20)])), 0xffff);
  });

  it("sends only unacknowledged data again", async () => {
    const { peer, accepted } = await listen();
    peer.send(segment({ flags: flag.syn }));
    const opened = await nextSegment(peer);
    assert.equal(opened.flags, flag.syn | flag.ack);
    const first = (opened.sequence + 1) >>> 0;
    peer.send(segment({ sequence: 101, acknowledged: first, flags: flag.ack }));

    (await accepted).end("hello");
    const sent = await nextSegment(peer);
    assert.equal(sent.data.toString(), "hello");
    const again = await nextSegment(peer, ({ data }) => data.length > 0);
    assert.deepEqual([again.data.toString(), again.sequence], ["hello", first]);
    peer.send(segment({ sequence: 101, acknowledged: first + 3, flags: flag.ack }));
    const rest = await nextSegment(peer, ({ data }) => data.length > 0);
    assert.deepEqual([rest.data.toString(), rest.sequence], ["lo", first + 3]);
  });

  it("accepts repeated data once, and data that comes too early not at all", async () => {
    const { peer, accepted } = await listen();
    peer.send(segment({ flags: flag.syn }));
    const acknowledged = ((await nextSegment(peer)).sequence + 1) >>> 0;
    const part = (sequence: number, text: string, flags = 0) => {
      const data = Buffer.from(text);
      peer.send(segment({ sequence, acknowledged, flags: flag.ack | flags, data }));
    };
    const received: Buffer[] = [];
    const socket = (await accepted).on("data", (data: Buffer) => received.push(data));
    part(101, "abc");
    part(101, "abc");
    part(110, "too early");
    part(103, "cde", flag.fin);
    await once(socket, "end");
    assert.equal(Buffer.concat(received).toString(), "abcde");
  });

  it("passes DNS questions to this machine's resolver, and returns the answers", async () => {
    const resolver = createSocket("udp4");
    cleanUp.push(() => resolver.close());
    resolver.on("message", (data, { port }) => resolver.send(`${data.toString()} there`, port, "127.0.0.1"));
    await new Promise<void>((resolve) => resolver.bind(0, "127.0.0.1", resolve));
    const peer = startPeer(resolver.address().port);
    const ports = { sourcePort: 5000, destinationPort: DNS_PORT };
    const way = { source: SANDBOX, destination: GATEWAY };
    peer.send(writeDatagram(way, { ...ports, data: Buffer.from("who is") }));
    const packet = readPacket(await peer.next());
    const answer = packet && readDatagram(packet);
    assert.deepEqual(answer && [answer.destinationPort, answer.data.toString()], [5000, "who is there"]);
  });

  it("announces its segment size, and scales its window only for a peer that does so too", async () => {
    for (const [options, expected] of [
      [{ maxSegmentBytes: 1000, windowScale: 3 }, 7],
      [{ maxSegmentBytes: 1000, windowScale: undefined }, undefined],
    ] as const) {
      const { peer } = await listen();
      peer.send(segment({ flags: flag.syn }, options));
      const packet = readPacket(await peer.next());
      assert.deepEqual(packet && readOptions(packet), { maxSegmentBytes: 65_480, windowScale: expected });
    }
  });

  async function listen() {
    const server = createServer({ allowHalfOpen: true });
    const accepted = once(server, "connection").then(([socket]) => socket as Socket);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanUp.push(() => {
      server.close();
      void accepted.then((socket) => socket.destroy());
    });
    return { peer: startPeer((server.address() as AddressInfo).port), accepted };
  }
});

function segment(
  { destination = GATEWAY, ...fields }: Partial<TcpSegment> & { destination?: number },
  options?: Parameters<typeof writeSegment>[2],
): Buffer {
  const usual = {
    sourcePort: 4000,
    destinationPort: DNS_PORT,
    sequence: 100,
    acknowledged: 0,
    window: 0xffff,
    flags: 0,
  };
  return writeSegment({ source: SANDBOX, destination }, { ...usual, data: NO_DATA, ...fields }, options);
}

async function nextSegment(peer: Peer, isWanted: (segment: TcpSegment) => boolean = () => true): Promise<TcpSegment> {
  for (;;) {
    const packet = readPacket(await peer.next());
    const found = packet && readSegment(packet);
    if (found && isWanted(found)) return found;
  }
}

function sum(data: Buffer): number {
  const even = data.length % 2 === 0 ? data : Buffer.concat([data, Buffer.alloc(1)]);
  let total = 0;
  for (let at = 0; at < even.length; at += 2) total += even.readUInt16BE(at);
  while (total > 0xffff) total = (total & 0xffff) + (total >> 16);
  return total;
}
