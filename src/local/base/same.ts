import { createHash, timingSafeEqual } from "node:crypto";

/** Compares an untrusted value with a secret in constant time. */
export const same = (given: string | undefined, expected: string): boolean =>
  given !== undefined && timingSafeEqual(digest(given), digest(expected));

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
