/** Broad regions, which contain several data centers. All others are narrower and more expensive. */
const BROAD: readonly string[] = ["us", "eu", "ap"];

const BROAD_FACTOR = 1.15;
const NARROW_FACTOR = 1.75;

/** The date of Modal's guide to regions. The surcharge has changed before, and no call reports it. */
const AS_OF = "2026-09";

/** Returns the factor on all prices of a sandbox that is pinned to regions: the lowest of theirs. */
export const regionFactor = (regions: readonly string[]): number =>
  regions.length === 0 ? 1 : regions.some((region) => BROAD.includes(region)) ? BROAD_FACTOR : NARROW_FACTOR;

/** Describes the surcharge: `incl. 15% for us (as of 2026-09)`. Returns `undefined` if the sandbox may run anywhere. */
export const regionSurcharge = (regions: readonly string[]): string | undefined =>
  regions.length === 0
    ? undefined
    : `incl. ${Math.round((regionFactor(regions) - 1) * 100)}% for ${regions.join(", ")} (as of ${AS_OF})`;
