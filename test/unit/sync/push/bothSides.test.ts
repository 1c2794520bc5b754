import assert from "node:assert/strict";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { after, describe, it } from "mocha";

import { pull } from "../../../../src/sync/pull/pull";
import { SEED } from "../../../support/seed";
import { temporaryFolders, timesMoveOn } from "../support/folders";
import { localExec } from "../support/localExec";
import { localPullExec } from "../support/pulling";
import { SyncWindow } from "../support/pushing";
import { random } from "../support/random";

const signal = new AbortController().signal;

const PATHS = ["a", "b", "c.txt", "d/a", "d/b", "d/e/a", "f/a", "$(x) '[y]", "é", "g h/i"];
const IGNORED = "ignored.tmp";

/** `SEEDS=50` for a thorough test. */
const SEEDS = Number(process.env.SEEDS ?? 3);
const ROUNDS = 10;

/** Path to content; a link's is its target behind an arrow. */
type Tree = Map<string, string>;

describe("a folder and a sandbox that both sides change", function () {
  this.timeout(60_000 + SEEDS * 30_000);
  const folder = temporaryFolders();
  const baselineFolder = folder();
  const window = new SyncWindow(baselineFolder);
  after(() => window.dispose());

  for (let seed = SEED; seed < SEED + SEEDS; seed += 1)
    it(`have the contents that a simple model predicts after every push and pull (SEED=${seed})`, async () => {
      const next = random(seed);
      const [here, there] = [folder(), folder()];
      writeFileSync(join(here, ".gitignore"), "*.tmp\n");
      const model = new Model();
      const push = () => window.push({ root: here, remotePath: there, exec: localExec(), signal });
      const since = {
        key: { sandboxId: "sb", remotePath: there, root: here },
        patterns: ["**"],
      };
      const bring = () => pull(window.thread, { root: here, remotePath: there, exec: localPullExec(), since, signal });

      for (let round = 0; round < ROUNDS; round += 1) {
        edit(here, model.here, `user ${round}`, next);
        if (round > 0) edit(there, model.there, `program ${round}`, next);
        await timesMoveOn();
        const isPush = round === 0 || next() < 0.5;
        if (isPush) await push();
        else await bring();
        const kept = isPush ? model.push() : model.pull();

        const [hereNow, thereNow] = [read(here), read(there)];
        assert.deepEqual(plain(hereNow), plain(model.here), `here, round ${round}`);
        assert.deepEqual(plain(thereNow), plain(model.there), `there, round ${round}`);
        const all = new Set([...hereNow.values(), ...thereNow.values()]);
        for (const content of kept) assert.ok(all.has(content), `round ${round}: ${content} is gone`);
      }
    });
});

/** The contents of both sides by the documented rules. */
class Model {
  readonly here: Tree = new Map();
  readonly there: Tree = new Map();
  /** The last known common contents of both sides. */
  #known: Tree = new Map();

  /** Returns the contents that must be kept somewhere. */
  push(): string[] {
    const kept: string[] = [];
    for (const [path, content] of synced(this.here)) {
      const [known, theirs] = [this.#known.get(path), this.there.get(path)];
      if (content === known) continue;
      if (theirs !== undefined && theirs !== known && theirs !== content) kept.push(theirs);
      this.there.set(path, content);
    }
    for (const [path, known] of this.#known)
      if (!this.here.has(path) && this.there.get(path) === known) this.there.delete(path);
    this.#known = new Map(synced(this.here));
    return [...kept, ...this.here.values()];
  }

  pull(): string[] {
    const kept = [...this.here]
      .filter(([path, content]) => content !== this.#known.get(path))
      .map(([, content]) => content);
    for (const [path, theirs] of synced(this.there)) {
      const [known, ours] = [this.#known.get(path), this.here.get(path)];
      if (theirs === known) continue;
      kept.push(theirs);
      this.#known.set(path, theirs);
      if (ours === undefined || ours === known) this.here.set(path, theirs);
    }
    return kept;
  }
}

const synced = (tree: Tree): [string, string][] => [...tree].filter(([path]) => path !== IGNORED);

function edit(root: string, tree: Tree, author: string, next: () => number): void {
  for (let count = 0; count < 4; count += 1) {
    const path = next() < 0.1 ? IGNORED : (PATHS[Math.floor(next() * PATHS.length)] ?? "a");
    const absolute = join(root, path);
    rmSync(absolute, { force: true });
    tree.delete(path);
    const what = next();
    if (what < 0.25) continue;
    mkdirSync(dirname(absolute), { recursive: true });
    // Each content is written once, so that it is known whose it is.
    const content = `${author}.${count}${"x".repeat(next() * 3)}`;
    if (what < 0.35) symlinkSync(content, absolute);
    else writeFileSync(absolute, content);
    tree.set(path, what < 0.35 ? `→ ${content}` : content);
  }
}

function read(root: string): Tree {
  const tree: Tree = new Map();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const absolute = join(entry.parentPath, entry.name);
    const stats = lstatSync(absolute);
    if (stats.isDirectory() || entry.name === ".modal-sync" || entry.name === ".gitignore") continue;
    const content = stats.isSymbolicLink() ? `→ ${readlinkSync(absolute)}` : readFileSync(absolute, "utf8");
    tree.set(absolute.slice(root.length + 1), content);
  }
  return tree;
}

/** Without copies that were kept next to others. */
const plain = (tree: Tree): Record<string, string> =>
  Object.fromEntries([...tree].filter(([path]) => !/\bsandbox-\d|\.sandbox-| \(sandbox copy/.test(path)).sort());
