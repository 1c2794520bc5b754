/** Numbers from 0 up to 1, the same for the same seed: a linear congruence whose low bits are left out. */
export function seededRandom(seed: number): () => number {
  let state = BigInt(Math.trunc(seed)) * MULTIPLIER + INCREMENT;
  return () => {
    state = BigInt.asUintN(64, state * MULTIPLIER + INCREMENT);
    return Number(state >> 32n) / 2 ** 32;
  };
}

// Knuth's, of MMIX.
const MULTIPLIER = 6364136223846793005n;
const INCREMENT = 1442695040888963407n;
