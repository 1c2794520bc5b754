import { setFlagsFromString } from "node:v8";

// Of what is in use, before the next collection of all garbage.
const GROWTH_PERCENT = 500;

/**
 * Lets the heap grow further between collections. What passes through the server counts as part of its small heap, so
 * that an upload would have V8 look through all of it every few megabytes, for half of the server's time.
 */
export function collectLessOften(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
