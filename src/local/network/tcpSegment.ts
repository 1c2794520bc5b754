import { protocol, writePacket, type Packet } from "./ipv4";

export interface TcpSegment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** The sequence number of the first byte, 32 bits. */
  readonly sequence: number;
  readonly acknowledged: number;
  readonly flags: number;
  /** As sent, before the connection's window scale is applied. */
  readonly window: number;
  readonly data: Buffer;
}

export const flag = { fin: 0x01, syn: 0x02, rst: 0x04, psh: 0x08, ack: 0x10 } as const;

/** The options that a side sends in its first segment. */
export interface TcpOptions {
  readonly maxSegmentBytes: number;
  /** Undefined if that side does not support scaling. Then neither side scales. */
  readonly windowScale: number | undefined;
}

const HEADER_BYTES = 20;
const CHECKSUM_AT = 16;
const DEFAULT_SEGMENT_BYTES = 536;
const option = { end: 0, nothing: 1, maxSegment: 2, windowScale: 3 } as const;

export function readSegment({ payload }: Packet): TcpSegment | undefined {
  if (payload.length < HEADER_BYTES) return undefined;
  return {
    sourcePort: payload.readUInt16BE(0),
    destinationPort: payload.readUInt16BE(2),
    sequence: payload.readUInt32BE(4),
    acknowledged: payload.readUInt32BE(8),
    flags: payload.readUInt8(13),
    window: payload.readUInt16BE(14),
    data: payload.subarray(headerBytes(payload)),
  };
}

export function readOptions({ payload }: Packet): TcpOptions {
  let options: TcpOptions = { maxSegmentBytes: DEFAULT_SEGMENT_BYTES, windowScale: undefined };
  const end = Math.min(headerBytes(payload), payload.length);
  for (let at = HEADER_BYTES; at + 1 < end;) {
    const kind = payload.readUInt8(at);
    const length = kind === option.nothing ? 1 : payload.readUInt8(at + 1);
    if (kind === option.end || length === 0 || at + length > end) break;
    if (kind === option.maxSegment && length === 4)
      options = { ...options, maxSegmentBytes: payload.readUInt16BE(at + 2) };
    if (kind === option.windowScale && length === 3) options = { ...options, windowScale: payload.readUInt8(at + 2) };
    at += length;
  }
  return options;
}

/** The packet that carries a segment from `source` to `destination`. */
export function writeSegment(
  { source, destination }: { readonly source: number; readonly destination: number },
  segment: TcpSegment,
  options?: TcpOptions,
): Buffer {
  const optionBytes = options ? encodeOptions(options) : NONE;
  const length = HEADER_BYTES + optionBytes.length + segment.data.length;
  const frame = { protocol: protocol.tcp, source, destination, payloadBytes: length, checksumAt: CHECKSUM_AT };
  return writePacket(frame, (payload) => {
    payload.writeUInt16BE(segment.sourcePort, 0);
    payload.writeUInt16BE(segment.destinationPort, 2);
    payload.writeUInt32BE(segment.sequence, 4);
    payload.writeUInt32BE(segment.acknowledged, 8);
    payload.writeUInt8((HEADER_BYTES + optionBytes.length) << 2, 12);
    payload.writeUInt8(segment.flags, 13);
    payload.writeUInt16BE(segment.window, 14);
    optionBytes.copy(payload, HEADER_BYTES);
    segment.data.copy(payload, HEADER_BYTES + optionBytes.length);
  });
}

const NONE = Buffer.alloc(0);

const headerBytes = (payload: Buffer): number => (payload.readUInt8(12) >> 4) * 4;

function encodeOptions({ maxSegmentBytes, windowScale }: TcpOptions): Buffer {
  const size = Buffer.from([option.maxSegment, 4, maxSegmentBytes >> 8, maxSegmentBytes & 0xff]);
  if (windowScale === undefined) return size;
  return Buffer.concat([size, Buffer.from([option.nothing, option.windowScale, 3, windowScale])]);
}
