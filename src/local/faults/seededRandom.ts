/** Numbers in [0, 1) that repeat for the same seed: a linear congruential generator without its weak low bits. */
export function seededRandom(seed: number): () => number {
  let state = BigInt(Math.trunc(seed)) * MULTIPLIER + INCREMENT;
  return () => {
    state = BigInt.asUintN(64, state * MULTIPLIER + INCREMENT);
    return Number(state >> 32n) / 2 ** 32;
  };
}

// Knuth's multiplier for MMIX.
const MULTIPLIER = 6364136223846793005n;
const INCREMENT = 1442695040888963407n;
