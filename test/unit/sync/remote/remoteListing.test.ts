import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";

import { listerCommand, ListingParser } from "../../../../src/sync/remote/remoteListing";
import { skip } from "../../../support/skip";
import { build, file, symlink, temporaryFolders } from "../support/folders";
import { busyboxPath } from "../support/localExec";
import { random } from "../support/random";

const MIB = 1024 * 1024;

/** Parses a listing that comes in chunks of `size`. */
function parse(text: string | Buffer, { size = 7, start = "" } = {}): ListingParser {
  const bytes = Buffer.from(text);
  const parser = new ListingParser(start);
  for (let at = 0; at < bytes.length; at += size) parser.write(bytes.subarray(at, at + size));
  return parser;
}

const row = (path: string, { kind = "f", size = "5" } = {}) => `${kind} 644 ${size} 100.5 200.25 ./${path}\0\0`;
const pathsOf = (parser: ListingParser) => parser.entries.map(({ path }) => path);

describe("the list of a sandbox's files", () => {
  const folder = temporaryFolders();

  for (const tools of ["GNU", "busybox"])
    it(`has every entry with its times, from ${tools} tools`, function () {
      const bin = tools === "GNU" ? process.env.PATH : busyboxPath(folder());
      if (bin === undefined) skip(this, "needs busybox");
      const root = build(folder(), { "a b/c\nd": file("12345"), "-x": file(""), l: symlink("a b"), ".git/x": file() });
      const [command = "", ...args] = listerCommand(root, ".", [".git"]);
      const { stdout } = spawnSync(command, args, { env: { PATH: bin } });
      const parser = parse(stdout, { size: 11 });

      assert.deepEqual(pathsOf(parser).sort(), ["-x", "a b", "a b/c\nd", "l"]);
      assert.ok(parser.isComplete && parser.invalidCount === 0);
      for (const { path, size, mtime, ctime = 0 } of parser.entries.filter(({ kind }) => kind === "file")) {
        const stats = lstatSync(join(root, path));
        assert.equal(size, stats.size);
        assert.ok(Math.abs(mtime * 1000 - stats.mtimeMs) < 1, path);
        assert.ok(Math.abs(ctime * 1000 - stats.ctimeMs) < 1, path);
      }
    });

  for (const [what, bad] of [
    ["no numbers", "f abc def ghi jkl ./x\0\0"],
    ["an invalid size", row("x", { size: "-1" })],
    ["a size beyond every number", row("x", { size: "9".repeat(400) })],
    ["an invalid time", "f 644 5 1.2.3 1 ./x\0\0"],
    ["a time beyond every calendar", "f 644 5 99999999999999999 1 ./x\0\0"],
    ["no contents", "\0\0"],
    ["a path without its folder", row("nowhere/x")],
    ["a path of 5,000 bytes", row("x".repeat(5000))],
    ["a megabyte of a path", `f 644 5 1 1 ./${"y".repeat(MIB)}\0\0`],
    ["a megabyte of a link's target", `l 777 5 1 1 ./y\0${"z".repeat(MIB)}\0`],
  ] as const)
    for (const size of [4099, 65_536])
      it(`loses only one file to a row with ${what} (chunks of ${size})`, () => {
        const parser = parse(`find\n${row("before")}${bad}${row("after")}end`, { size });
        assert.deepEqual(pathsOf(parser), ["before", "after"]);
        assert.deepEqual([parser.invalidCount, parser.isComplete, parser.isTooMuch], [1, true, false]);
        assert.match(parser.invalid[0]?.reason ?? "", /invalid row/);
      });

  it("loses only one file to an invalid row of stat", () => {
    const time = "2026-11-28 21:10:40.5 +0000";
    const good = (path: string) => `81a4 5 100 ${time} 100 ${time} ./${path}//\n`;
    const parser = parse(`stat\n${good("a")}81a4 x 100 ./b//\n${"q".repeat(40_000)}//\n${good("c")}end`);
    assert.deepEqual([pathsOf(parser), parser.invalidCount, parser.isComplete], [["a", "c"], 2, true]);
  });

  it("has only what was requested", () => {
    const parser = parse(`find\n${row("d/e", { kind: "d" })}${row("d/e/f")}${row("d/x")}${row("y")}end`, {
      start: "d/e",
    });
    assert.deepEqual([pathsOf(parser), parser.invalidCount], [["d/e", "d/e/f"], 2]);
  });

  it("ends with a mark if there are too many rows or bytes", () => {
    const rows = new ListingParser();
    rows.write(Buffer.from("find\n"));
    const block = Buffer.from(row("x").repeat(20_000));
    for (let blocks = 0; blocks < 30 && !rows.isTooMuch; blocks += 1) rows.write(block);
    assert.ok(rows.isTooMuch);
    assert.ok(rows.entries.length <= 520_000);

    const bytes = new ListingParser();
    bytes.write(Buffer.from("find\n"));
    const junk = Buffer.alloc(16 * MIB, "j");
    for (let blocks = 0; blocks < 20 && !bytes.isTooMuch; blocks += 1) bytes.write(junk);
    assert.ok(bytes.isTooMuch);
    assert.equal(bytes.invalidCount, 1);
  });

  it("never throws, whatever a sandbox sends", () => {
    const next = random(20261128);
    const parts = [
      "\0",
      "//\n",
      "find\n",
      "stat\n",
      "end",
      "f 644 5 1 1 ./a\0\0",
      " ",
      "./",
      "\n",
      "\xff",
      "l 777 1 1 1 ./l\0t\0",
    ];
    for (let round = 0; round < 300; round += 1) {
      const length = Math.floor(next() * 40);
      const text = Array.from({ length }, () => parts[Math.floor(next() * parts.length)]).join("");
      parse(`${next() < 0.5 ? "find\n" : "stat\n"}${text}`, { size: 1 + Math.floor(next() * 9) });
    }
  });
});
