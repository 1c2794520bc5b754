import { invalidArgument } from "../protocol/errors";
import type { DescribedClass, DescribedParameter } from "./describe";
import type { ParameterValue } from "./runner";

/** Modal's `ParameterType`. Values of other types cannot be sent. */
const PARAMETER_TYPE = { str: 1, int: 2, bytes: 4, bool: 9, unknown: 5 } as const;
const FORMAT_PROTO = 2;

/** A class's parameters as a client sees them. */
export const parameterInfo = ({ parameters }: DescribedClass) => ({
  format: FORMAT_PROTO,
  schema: parameters.filter(isSettable).map((parameter) => ({
    name: parameter.name,
    type: PARAMETER_TYPE[parameter.type],
    hasDefault: parameter.hasDefault ?? false,
    ...defaultOf(parameter),
  })),
});

/** A parameter with a default that cannot be sent is left to Python. */
const isSettable = ({ type, hasDefault, default: value }: DescribedParameter): boolean =>
  !(hasDefault === true && (type === "unknown" || value === null || value === undefined));

function defaultOf({ type, default: value }: DescribedParameter) {
  if (typeof value === "number") return { intDefault: value };
  if (typeof value === "boolean") return { boolDefault: value };
  if (typeof value !== "string") return {};
  return type === "bytes" ? { bytesDefault: Buffer.from(value, "base64") } : { stringDefault: value };
}

/**
 * Reads a client's `serializedParams`: a message whose field 1 repeats a parameter, with the fields name 1, type 2,
 * string 3, integer 4, bytes 6 and boolean 7.
 */
export function readParameters(serialized: Uint8Array): Record<string, ParameterValue> {
  const parameters: Record<string, ParameterValue> = {};
  for (const { field, value } of fieldsOf(Buffer.from(serialized))) {
    if (field !== 1 || typeof value === "bigint") continue;
    const { name, content } = readParameter(value);
    if (content !== undefined) parameters[name] = content;
  }
  return parameters;
}

function readParameter(message: Buffer): { name: string; content: ParameterValue | undefined } {
  let name = "";
  let content: ParameterValue | undefined;
  for (const { field, value } of fieldsOf(message)) {
    if (typeof value === "bigint") {
      if (field === 4) content = Number(BigInt.asIntN(64, value));
      if (field === 7) content = value !== 0n;
    } else {
      if (field === 1) name = value.toString();
      if (field === 3) content = value.toString();
      if (field === 6) content = { bytes: value.toString("base64") };
    }
  }
  return { name, content };
}

/** The fields of a protobuf message that are numbers or length-delimited. */
function* fieldsOf(message: Buffer): Generator<{ field: number; value: bigint | Buffer }> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) throw invalidArgument("The class's parameters cannot be read.");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = Number(varint());
    if ((tag & 7) === 0) yield { field: tag >> 3, value: varint() };
    else if ((tag & 7) === 2) {
      const end = Number(varint()) + at;
      yield { field: tag >> 3, value: message.subarray(at, end) };
      at = end;
    } else throw invalidArgument("The class's parameters cannot be read.");
  }
}
