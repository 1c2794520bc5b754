import { createHash, timingSafeEqual } from "node:crypto";

/** Compares what was given with a secret, in a time that says nothing about the secret. */
export const same = (given: string | undefined, expected: string): boolean =>
  given !== undefined && timingSafeEqual(digest(given), digest(expected));

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
