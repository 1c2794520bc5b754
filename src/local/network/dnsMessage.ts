const HEADER_BYTES = 12;
const TYPE_A = 1;
const POINTER = 0xc0;
// Flags of a response with the code REFUSED, from a server that offers recursion.
const REFUSED_FLAGS = 0x8185;

/** The name that a message asks for, in lower case. Undefined if the message is not a question. */
export function questionName(message: Buffer): string | undefined {
  const labels: string[] = [];
  for (let at = HEADER_BYTES; ;) {
    const length = message[at];
    if (length === undefined || (length & POINTER) !== 0) return undefined;
    if (length === 0) return labels.join(".").toLowerCase();
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
}

/** The answer to a question about a name that is not allowed. */
export function refusal(question: Buffer): Buffer {
  const answer = Buffer.from(question);
  answer.writeUInt16BE(REFUSED_FLAGS, 2);
  return answer;
}

/** The IPv4 addresses in an answer. */
export function answeredAddresses(message: Buffer): string[] {
  try {
    return readAddresses(message);
  } catch (error) {
    // The message is truncated.
    if (error instanceof RangeError) return [];
    throw error;
  }
}

function readAddresses(message: Buffer): string[] {
  const addresses: string[] = [];
  const questions = message.readUInt16BE(4);
  const answers = message.readUInt16BE(6);
  let at = HEADER_BYTES;
  for (let i = 0; i < questions; i += 1) at = endOfName(message, at) + 4;
  for (let i = 0; i < answers; i += 1) {
    at = endOfName(message, at);
    const type = message.readUInt16BE(at);
    const length = message.readUInt16BE(at + 8);
    at += 10;
    if (type === TYPE_A && length === 4) addresses.push([...message.subarray(at, at + length)].join("."));
    at += length;
  }
  return addresses;
}

function endOfName(message: Buffer, start: number): number {
  for (let at = start; ;) {
    const length = message.readUInt8(at);
    if ((length & POINTER) !== 0) return at + 2;
    if (length === 0) return at + 1;
    at += 1 + length;
  }
}
