import { randomBytes, randomInt } from "node:crypto";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
// Crockford's base 32, the alphabet of ULIDs.
const BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

export const base62 = (length: number): string =>
  Array.from({ length }, () => BASE62.charAt(randomInt(BASE62.length))).join("");

export type IdPrefix = "ap" | "bl" | "ct" | "en" | "fc" | "fu" | "im" | "in" | "qu" | "st" | "ta" | "tf" | "vo";

export const newId = (prefix: IdPrefix): string => `${prefix}-${base62(22)}`;

/** The two generations of sandboxes. The SDK distinguishes them by the shape of their ids. */
export type Generation = "V1" | "V2";

export const newSandboxId = (generation: Generation): string => `sb-${generation === "V1" ? base62(22) : ulid()}`;

function ulid(): string {
  let time = Date.now();
  let head = "";
  for (let i = 0; i < 10; i++) {
    head = BASE32.charAt(time % 32) + head;
    time = Math.floor(time / 32);
  }
  return head + Array.from(randomBytes(16), (byte) => BASE32.charAt(byte % 32)).join("");
}
