/** Regions that hold many places; all others are narrower, and dearer. */
const BROAD: readonly string[] = ["us", "eu", "ap"];

const BROAD_FACTOR = 1.15;
const NARROW_FACTOR = 1.75;

/** When Modal's guide on regions said so, which has changed it before; no call tells. */
const AS_OF = "2026-09";

/** What all prices of a sandbox are multiplied with that is pinned to regions: the least of theirs. */
export const regionFactor = (regions: readonly string[]): number =>
  regions.length === 0 ? 1 : regions.some((region) => BROAD.includes(region)) ? BROAD_FACTOR : NARROW_FACTOR;

/** What is added to a price for that: `incl. 15% for us (as of 2026-09)`; nothing where it may run anywhere. */
export const regionSurcharge = (regions: readonly string[]): string | undefined =>
  regions.length === 0
    ? undefined
    : `incl. ${Math.round((regionFactor(regions) - 1) * 100)}% for ${regions.join(", ")} (as of ${AS_OF})`;
