import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

import { describe, it } from "mocha";

import { scan } from "../../../src/sync/scan";
import { build, file, temporaryFolders, type Listing } from "./support/folders";
import { random } from "./support/random";

describe("scan and git", () => {
  const folder = temporaryFolders();

  it("list the same files of 60 random trees with random rules", function () {
    this.timeout(60_000);
    for (let seed = 1; seed <= 60; seed += 1) {
      const root = build(folder(), randomRepository(seed));
      execFileSync("git", ["init", "-q", root]);

      const ours = scan(root)
        .entries.filter(({ kind }) => kind !== "directory")
        .map(({ path }) => path);

      assert.deepEqual(ours.sort(), untracked(root), `seed ${seed}`);
    }
  });
});

const untracked = (root: string): string[] =>
  execFileSync("git", ["-C", root, "ls-files", "-o", "-z", "--exclude-standard"], { encoding: "utf8" })
    .split("\0")
    .filter((path) => path !== "")
    .sort();

const NAMES = ["a", "b", "A", "ab", "a b", "out", "out [1]", "x.log", "y.log", "#a", "!a", "back\\slash", "a*"];
const PATTERNS = [
  ...["a", "b", "A", "/a", "a/", "/out/", "!out", "!out/", "*.log", "!x.log", "!/a", "*", "!*/", "!*.log", "a/b"],
  ...["**/a", "a/**", "out/**", "!out/**", "a/**/b", "?", "[ab]", "[!a]", "a\\ b", "\\#a", "\\!a", "# a", "", "a*b"],
  ...["out \\[1\\]", "!out \\[1\\]", "out [1]", "back\\\\slash", "a\\*", "/*", "!/b", "*/a", "x.*", "!a b", "b "],
];

function randomRepository(seed: number): Listing {
  const next = random(seed);
  const pick = (from: readonly string[]): string => from[Math.floor(next() * from.length)] ?? "";
  const listing: Record<string, Listing[string]> = {};
  const fill = (prefix: string, depth: number) => {
    if (next() < 0.6) {
      const rules = Array.from({ length: 1 + Math.floor(next() * 5) }, () => pick(PATTERNS));
      listing[`${prefix}.gitignore`] = file(`${rules.join("\n")}\n`);
    }
    for (const name of NAMES) {
      if (next() < 0.3 && depth < 3) fill(`${prefix}${name}/`, depth + 1);
      else if (next() < 0.6) listing[prefix + name] = file("");
    }
  };
  fill("", 0);
  return listing;
}
