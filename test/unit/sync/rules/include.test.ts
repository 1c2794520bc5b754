import assert from "node:assert/strict";
import { appendFileSync, realpathSync } from "node:fs";
import { dirname, extname, join } from "node:path";

import { describe, it } from "mocha";

import { explain } from "../../../../src/sync/rules/explain";
import { inclusionOf } from "../../../../src/sync/rules/include";
import { scan } from "../../../../src/sync/folder/scan";
import { build, file, temporaryFolders, type Listing } from "../support/folders";

describe("including excluded files", () => {
  const folder = temporaryFolders();
  const cases: Record<string, { readonly listing: Listing; readonly asked: string; readonly neighbor?: string }> = {
    "a file that a rule names": { listing: { ".gitignore": file("*.log\n") }, asked: "run.log" },
    "a file in an ignored folder": { listing: { ".gitignore": file("out/\n") }, asked: "out/run.py" },
    "a file deep in an ignored folder": { listing: { ".gitignore": file("out\n") }, asked: "a/out/b/c/run.py" },
    "a file that a deeper file ignores too": {
      listing: { ".gitignore": file("out\n"), "out/.gitignore": file("*\n") },
      asked: "out/b/run.py",
    },
    "a file that .modalignore names": { listing: { ".modalignore": file("/out/") }, asked: "out/run.py" },
    "a file that a deeper .modalignore names": {
      listing: { "a/.modalignore": file("*.py\n") },
      asked: "a/b/run.py",
    },
    "a file in a cache": { listing: {}, asked: ".cache/x/run.py" },
    "a file in an environment": { listing: { "env/pyvenv.cfg": file() }, asked: "env/bin/run.py" },
    "a file that may contain secrets": { listing: {}, asked: "deploy/.env", neighbor: "deploy/.env.local" },
    "a name with special characters": { listing: { ".gitignore": file("*\n") }, asked: "a [1]/*?! #\\ /run.py" },
  };
  for (const [name, { listing, asked, neighbor = join(dirname(asked), `neighbor${extname(asked)}`) }] of Object.entries(
    cases,
  ))
    it(`includes ${name}, and nothing else`, () => {
      const root = realpathSync(build(folder(), listing));
      build(root, { [asked]: file(), [neighbor]: file() });
      assert.equal(explain(root, asked).isSynced, false);

      for (let left = asked.split("/").length; left > 0 && !explain(root, asked).isSynced; left -= 1) {
        const { file: rules, lines } = inclusionOf(explain(root, asked), asked);
        appendFileSync(join(root, rules), `\n${lines.join("\n")}\n`);
      }

      assert.equal(explain(root, asked).isSynced, true);
      assert.equal(explain(root, neighbor).isSynced, false);
      const synced = new Set(scan(root).entries.map(({ path }) => path));
      assert.deepEqual([synced.has(asked), synced.has(neighbor)], [true, false]);
    });
});
