import { gpuTypes } from "./gpus";

/** Modal's prices, in US dollars per hour. */
export interface Rates {
  /** Price per GPU by the name of its type. Types without a known price are absent. */
  readonly gpus: ReadonlyMap<string, number>;
  /** Price per physical core. */
  readonly core: number;
  /** Price per GiB of memory. */
  readonly gib: number;
  /** The origin of the prices, for display: `your workspace's rates`, `list prices of 2026-10-08`. */
  readonly source: string;
}

/** A source of the current rates. */
export interface RateSource {
  readonly current: Rates;
}

/** The date of the prices of sandboxes and GPUs on modal.com/pricing. */
const LISTED_ON = "2026-10-08";

const HOUR_S = 3600;

/** Used when the workspace's own rates are unknown. */
export const listRates: Rates = {
  gpus: new Map(gpuTypes.map(({ name, dollarsPerSecond }) => [name, dollarsPerSecond * HOUR_S])),
  core: 0.00003942 * HOUR_S,
  gib: 0.00000667 * HOUR_S,
  source: `list prices of ${LISTED_ON}`,
};

/**
 * Returns the workspace's own rates, completed by list prices. Modal documents neither the keys nor the values, so keys
 * are matched by their words, and a value that is far from the list price is ignored. Returns `undefined` if there is no
 * GPU among them, since GPUs are most of the cost.
 */
export function readRates(answer: Readonly<Record<string, string>>): Rates | undefined {
  const entries = Object.entries(answer)
    .map(([key, value]) => ({ words: wordsOf(key), dollars: Number(value) }))
    .filter(({ words }) => !words.includes("function") && !words.includes("functions"));
  const find = (listed: number, isMeant: (words: readonly string[]) => boolean): number | undefined =>
    entries.find(({ words, dollars }) => isMeant(words) && isPlausible(dollars, listed))?.dollars;

  const own = [...listRates.gpus].map(([name, listed]) => [name, find(listed, names(wordsOf(name)))] as const);
  if (own.every(([, dollars]) => dollars === undefined)) return undefined;
  return {
    gpus: new Map(own.map(([name, dollars]) => [name, dollars ?? listRates.gpus.get(name) ?? 0])),
    core: find(listRates.core, ofSandbox(["cpu", "core", "cores"])) ?? listRates.core,
    gib: find(listRates.gib, ofSandbox(["memory", "mem", "ram"])) ?? listRates.gib,
    source: "your workspace's rates",
  };
}

const wordsOf = (key: string): string[] =>
  key
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);

/** True if a key has these words in this order and no other word with a digit: `gpu_a100-80gb` isn't `a100`. */
const names =
  (wanted: readonly string[]) =>
  (words: readonly string[]): boolean => {
    const rest = words.join(" ").replace(wanted.join(" "), "");
    return rest.length < words.join(" ").length && !/\d/.test(rest) && words.includes(wanted[0] ?? "");
  };

/** Sandboxes have separate prices for these. */
const ofSandbox =
  (anyOf: readonly string[]) =>
  (words: readonly string[]): boolean =>
    words.some((word) => word.startsWith("sandbox")) && words.some((word) => anyOf.includes(word));

const isPlausible = (dollars: number, listed: number): boolean => dollars > listed / 10 && dollars < listed * 10;
