import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A key and its certificate, both as PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
// Browsers accept at most 398 days.
const LIFETIME_MS = 365 * DAY_MS;

/** A self-signed certificate for this machine's loopback, written as DER by hand, because Node cannot create one. */
export function makeCertificate(): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const notBefore = Date.now() - DAY_MS;
  const expiresAt = notBefore + LIFETIME_MS;
  const name = sequence(der(SET, sequence(oid.commonName, der(UTF8_STRING, Buffer.from("Modal local backend")))));
  const signatureAlgorithm = sequence(oid.ecdsaWithSha256);

  const toBeSigned = sequence(
    der(EXPLICIT_0, der(INTEGER, Buffer.from([VERSION_3]))),
    der(INTEGER, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    signatureAlgorithm,
    name,
    sequence(time(notBefore), time(expiresAt)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(EXPLICIT_3, sequence(basicConstraints(), serverOnly(), alternativeNames())),
  );
  const signature = sign("sha256", toBeSigned, privateKey);
  const certificate = sequence(toBeSigned, signatureAlgorithm, der(BIT_STRING, Buffer.from([0]), signature));

  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${wrap(certificate.toString("base64"))}\n-----END CERTIFICATE-----\n`,
    expiresAt,
  };
}

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const SEQUENCE = 0x30;
const SET = 0x31;
const EXPLICIT_0 = 0xa0;
const EXPLICIT_3 = 0xa3;
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;
const BOOLEAN_TRUE = Buffer.from([0x01, 0x01, 0xff]);
const VERSION_3 = 2;

const oid = {
  ecdsaWithSha256: Buffer.from("06082a8648ce3d040302", "hex"),
  commonName: Buffer.from("0603550403", "hex"),
  basicConstraints: Buffer.from("0603551d13", "hex"),
  alternativeNames: Buffer.from("0603551d11", "hex"),
  extendedKeyUsage: Buffer.from("0603551d25", "hex"),
  serverAuth: Buffer.from("06082b06010505070301", "hex"),
};

/** The certificate is not an authority: trusting it means trusting this server alone. */
const basicConstraints = () => sequence(oid.basicConstraints, BOOLEAN_TRUE, der(OCTET_STRING, sequence()));

const serverOnly = () => sequence(oid.extendedKeyUsage, der(OCTET_STRING, sequence(oid.serverAuth)));

const alternativeNames = () =>
  sequence(
    oid.alternativeNames,
    der(
      OCTET_STRING,
      sequence(
        der(DNS_NAME, Buffer.from("localhost")),
        der(IP_ADDRESS, Buffer.from([127, 0, 0, 1])),
        der(IP_ADDRESS, Buffer.concat([Buffer.alloc(15), Buffer.from([1])])),
      ),
    ),
  );

/** A two-digit year is unambiguous until 2049. */
const time = (ms: number): Buffer =>
  der(UTC_TIME, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]/g, "").slice(2, 14)}Z`));

const sequence = (...content: readonly Buffer[]): Buffer => der(SEQUENCE, ...content);

function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(body)]), body]);
}

function lengthOf({ length }: Buffer): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  return [0x80 | bytes.length, ...bytes];
}

const wrap = (base64: string): string => base64.match(/.{1,64}/g)?.join("\n") ?? "";
