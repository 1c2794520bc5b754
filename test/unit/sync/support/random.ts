/** Returns a generator of numbers from 0 to 1 that depend only on the seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // The low bits of this generator have a short period.
    return (state >>> 8) / 2 ** 24;
  };
}
