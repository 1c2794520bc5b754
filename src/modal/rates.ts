import { gpuTypes } from "./gpus";

/** What Modal asks for a sandbox, in US dollars an hour of each thing. */
export interface Rates {
  /** GPU by the name of its type; one of no known price is missing. */
  readonly gpus: ReadonlyMap<string, number>;
  /** Physical core. */
  readonly core: number;
  /** GiB of memory. */
  readonly gib: number;
  /** Says where the prices come from: `your workspace's rates`, `list prices of 2026-10-08`. */
  readonly source: string;
}

/** Whoever knows the rates of the moment. */
export interface RateSource {
  readonly current: Rates;
}

/** Of sandboxes and GPUs on modal.com/pricing. */
const LISTED_ON = "2026-10-08";

const HOUR_S = 3600;

/** Where the workspace's own rates are not known. */
export const listRates: Rates = {
  gpus: new Map(gpuTypes.map(({ name, dollarsPerSecond }) => [name, dollarsPerSecond * HOUR_S])),
  core: 0.00003942 * HOUR_S,
  gib: 0.00000667 * HOUR_S,
  source: `list prices of ${LISTED_ON}`,
};

/**
 * The workspace's own rates, with the list's for what is not among them. Modal documents neither the keys nor the
 * values, so a key counts by its words, and a value that is far from the list's price is taken for something else.
 * `undefined` where there is no GPU in it, which is most of what is paid.
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

/** Whether a key has these words, in their order, and no other with a digit: `gpu_a100-80gb` is no `a100`. */
const names =
  (wanted: readonly string[]) =>
  (words: readonly string[]): boolean => {
    const rest = words.join(" ").replace(wanted.join(" "), "");
    return rest.length < words.join(" ").length && !/\d/.test(rest) && words.includes(wanted[0] ?? "");
  };

/** Sandboxes have prices of their own for these. */
const ofSandbox =
  (anyOf: readonly string[]) =>
  (words: readonly string[]): boolean =>
    words.some((word) => word.startsWith("sandbox")) && words.some((word) => anyOf.includes(word));

const isPlausible = (dollars: number, listed: number): boolean => dollars > listed / 10 && dollars < listed * 10;
