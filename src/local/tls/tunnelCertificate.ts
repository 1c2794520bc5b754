import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { JsonFile } from "../base/jsonFile";
import { makeCertificate, type Certificate } from "./certificate";

// Longer than the longest lifetime of a sandbox.
const MIN_REMAINING_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * The certificate of all tunnels. It stays the same between starts, so that trusting it once is enough: `tunnels.pem`
 * in the state folder is the file to trust.
 */
export function tunnelCertificate(stateDir: string): Certificate {
  const file = new JsonFile(join(stateDir, "tunnels.json"), readCertificate);
  const kept = file.read();
  if (kept && kept.expiresAt - Date.now() > MIN_REMAINING_MS) return kept;
  const made = makeCertificate();
  file.write(made);
  writeFileSync(join(stateDir, "tunnels.pem"), made.cert);
  return made;
}

const readCertificate = (value: unknown): Certificate | undefined => (isCertificate(value) ? value : undefined);

const isCertificate = (value: unknown): value is Certificate =>
  typeof value === "object" &&
  value !== null &&
  "key" in value &&
  typeof value.key === "string" &&
  "cert" in value &&
  typeof value.cert === "string" &&
  "expiresAt" in value &&
  typeof value.expiresAt === "number";
