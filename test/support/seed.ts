/** The seed of a test file's random choices: `SEED=123` repeats a run. */
export const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);

/** The title of a test that makes random choices, so that every report says how to repeat it. */
export const seeded = (title: string): string => `${title} (SEED=${SEED})`;
