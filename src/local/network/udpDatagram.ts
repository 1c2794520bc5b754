import { protocol, writePacket, type Packet } from "./ipv4";

export interface UdpDatagram {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly data: Buffer;
}

const HEADER_BYTES = 8;

export function readDatagram({ payload }: Packet): UdpDatagram | undefined {
  if (payload.length < HEADER_BYTES) return undefined;
  return {
    sourcePort: payload.readUInt16BE(0),
    destinationPort: payload.readUInt16BE(2),
    data: payload.subarray(HEADER_BYTES, payload.readUInt16BE(4)),
  };
}

/** The packet that carries a datagram from `source` to `destination`. */
export function writeDatagram(
  { source, destination }: { readonly source: number; readonly destination: number },
  { sourcePort, destinationPort, data }: UdpDatagram,
): Buffer {
  const payloadBytes = HEADER_BYTES + data.length;
  return writePacket({ protocol: protocol.udp, source, destination, payloadBytes, checksumAt: 6 }, (payload) => {
    payload.writeUInt16BE(sourcePort, 0);
    payload.writeUInt16BE(destinationPort, 2);
    payload.writeUInt16BE(payloadBytes, 4);
    data.copy(payload, HEADER_BYTES);
  });
}
