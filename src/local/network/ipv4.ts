/** An IPv4 packet; addresses are numbers of 32 bits. */
export interface Packet {
  readonly protocol: number;
  readonly source: number;
  readonly destination: number;
  readonly payload: Buffer;
}

export const protocol = { tcp: 6, udp: 17 } as const;

const HEADER_BYTES = 20;
const TIME_TO_LIVE = 64;

/** The length of the packet at the start of `data`. Undefined if `data` is too short to tell. */
export const packetLength = (data: Buffer): number | undefined => (data.length < 4 ? undefined : data.readUInt16BE(2));

/** Undefined if `data` is not a complete IPv4 packet. */
export function readPacket(data: Buffer): Packet | undefined {
  if (data.length < HEADER_BYTES || data.readUInt8(0) >> 4 !== 4) return undefined;
  // The "more fragments" flag and the fragment offset.
  if ((data.readUInt16BE(6) & 0x3fff) !== 0) return undefined;
  return {
    protocol: data.readUInt8(9),
    source: data.readUInt32BE(12),
    destination: data.readUInt32BE(16),
    payload: data.subarray((data.readUInt8(0) & 0xf) * 4),
  };
}

export interface PacketFrame extends Omit<Packet, "payload"> {
  /** The size of everything after the packet's header. */
  readonly payloadBytes: number;
  /** The offset of the payload's checksum, which also covers the addresses. */
  readonly checksumAt: number;
}

/** Builds a packet with both checksums; `fill` writes its payload. */
export function writePacket(frame: PacketFrame, fill: (payload: Buffer) => void): Buffer {
  const packet = Buffer.alloc(HEADER_BYTES + frame.payloadBytes);
  packet.writeUInt8(0x45, 0);
  packet.writeUInt16BE(packet.length, 2);
  packet.writeUInt8(TIME_TO_LIVE, 8);
  packet.writeUInt8(frame.protocol, 9);
  packet.writeUInt32BE(frame.source, 12);
  packet.writeUInt32BE(frame.destination, 16);
  packet.writeUInt16BE(checksum(sumOf(packet.subarray(0, HEADER_BYTES))), 10);

  const payload = packet.subarray(HEADER_BYTES);
  fill(payload);
  const addresses = sumOf(packet.subarray(12, HEADER_BYTES));
  payload.writeUInt16BE(checksum(sumOf(payload) + addresses + frame.protocol + payload.length), frame.checksumAt);
  return packet;
}

export const toText = (address: number): string =>
  [address >>> 24, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff].join(".");

function sumOf(data: Buffer): number {
  let sum = 0;
  let at = 0;
  for (; at + 1 < data.length; at += 2) sum += data.readUInt16BE(at);
  return at < data.length ? sum + (data.readUInt8(at) << 8) : sum;
}

function checksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}
