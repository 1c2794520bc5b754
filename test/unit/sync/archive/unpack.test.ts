import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";

import { mountTmpfs } from "../support/tmpfs";
import { FolderWriter } from "../../../../src/sync/folder/folderWriter";
import type { RemoteEntry } from "../../../../src/sync/remote/remoteListing";
import type { NameRules } from "../../../../src/sync/folder/safePath";
import { Unpacker, type ArchiveEnd, type UnpackedEntry, type UnpackLimits } from "../../../../src/sync/archive/unpack";
import { END, entry, header, padded, pax, sign } from "../support/archives";
import { build, listTree, temporaryFolders } from "../support/folders";
import { isRefused, nasty, REFUSED } from "../support/nasty";
import { random } from "../support/random";

const posix: NameRules = { isWindows: false, foldsCase: false };
const MB = 1_000_000;
const limits: UnpackLimits = { bytes: 100 * MB, entries: 10_000, streamBytes: 3000 * MB };

interface Options {
  readonly rules?: NameRules;
  readonly limits?: Partial<UnpackLimits>;
  readonly wanted?: readonly string[];
  readonly mayReplace?: boolean;
}

interface Unpacked {
  readonly end: ArchiveEnd;
  /** Path to reason. */
  readonly refused: Readonly<Record<string, string>>;
  readonly refusedCount: number;
  readonly placed: readonly UnpackedEntry[];
}

function unpackStream(
  root: string,
  chunks: Iterable<Uint8Array>,
  { rules = posix, mayReplace = true, ...options }: Options = {},
): Unpacked {
  const placed: UnpackedEntry[] = [];
  const writer = new FolderWriter({ root, mayReplace: () => mayReplace });
  const wanted = options.wanted?.map((path): [string, RemoteEntry] => [
    path,
    { path, kind: "file", mode: 0o644, size: 0, mtime: 1000.25 },
  ]);
  const unpacker = new Unpacker({
    writer,
    rules,
    limits: { ...limits, ...options.limits },
    ...(wanted && { wanted: new Map(wanted) }),
    onPlaced: (unpacked) => placed.push(unpacked),
  });
  for (const chunk of chunks) unpacker.write(chunk);
  const end = unpacker.finish();
  writer.dispose();
  assert.deepEqual(
    readdirSync(root).filter((name) => name.startsWith(".modal-pull-")),
    [],
  );
  const refused = Object.fromEntries(unpacker.refused.map(({ path, reason }) => [path, reason]));
  return { end, refused, refusedCount: unpacker.refused.length + unpacker.refusedMore, placed };
}

const unpack = (root: string, parts: readonly Buffer[], options?: Options): Unpacked =>
  unpackStream(root, [Buffer.concat([...parts, END])], options);

const good = entry({ name: "good.txt" }, "good");

describe("unpacking an archive from a sandbox", () => {
  const folder = temporaryFolders();

  for (const format of ["gnu", "posix"])
    it(`restores every kind of entry from GNU tar in the ${format} format`, () => {
      const source = build(folder(), nasty);
      const tar = ["-c", `--format=${format}`, "--hard-dereference", "-C", source, "."];
      const archive = spawnSync("tar", tar, { maxBuffer: 1e9 }).stdout;
      const root = folder();
      const { end, refused } = unpackStream(root, [archive]);

      assert.deepEqual(end, { kind: "complete" });
      assert.deepEqual(Object.keys(refused).sort(), REFUSED);
      const expected = listTree(source)
        .filter((line) => !isRefused(line))
        // The set-id bits stay behind; a folder is made so that it can be filled.
        .map((line) =>
          line.replace('"set-id" file 4755', '"set-id" file 755').replace("directory 555", "directory 755"),
        );
      assert.deepEqual(listTree(root), expected);
    });

  it("restores the same however the stream is cut into chunks", () => {
    const source = build(folder(), { "a/b": { kind: "file", content: Buffer.alloc(5000, "x") }, c: { kind: "file" } });
    const archive = spawnSync("tar", ["-c", "--format=posix", "-C", source, "."]).stdout;
    const next = random(3);
    for (let round = 0; round < 40; round += 1) {
      const chunks: Buffer[] = [];
      const most = round === 0 ? 1 : 1 + Math.floor(next() * 3000);
      for (let at = 0; at < archive.length;) {
        const length = 1 + Math.floor(next() * most);
        chunks.push(archive.subarray(at, at + length));
        at += length;
      }
      const root = folder();
      assert.deepEqual(unpackStream(root, chunks).end, { kind: "complete" });
      assert.deepEqual(listTree(root), listTree(source));
    }
  });

  it("keeps the mode without set-id bits, and the fraction of the time from the listing", () => {
    const root = folder();
    unpack(root, [entry({ name: "./tool", mode: 0o6751 }, "x")], { wanted: ["tool"] });
    const stats = lstatSync(join(root, "tool"));
    assert.equal(stats.mode & 0o7777, 0o751);
    assert.equal(stats.mtimeMs, 1_000_250);
  });

  const hostile: Record<string, { parts: Buffer[]; refused: Record<string, string> }> = {
    "a path that leads out": {
      parts: [entry({ name: "../x" }, "x")],
      refused: { "../x": "leads out of the folder" },
    },
    "an absolute path": { parts: [entry({ name: "/x" }, "x")], refused: { "/x": "is an absolute path" } },
    "a path that leads out on the way": {
      parts: [entry({ name: "a/../../x" }, "x")],
      refused: { "a/../../x": "leads out of the folder" },
    },
    "a file behind a link of the same archive": {
      parts: [entry({ name: "out", type: "2", linkname: "/tmp" }), entry({ name: "out/x" }, "x")],
      refused: { out: "is a link to an absolute path" },
    },
    "a link that leads out": {
      parts: [entry({ name: "a/up", type: "2", linkname: "../../x" })],
      refused: { "a/up": "is a link out of the folder" },
    },
    "a link that leads out behind a name": {
      parts: [
        entry({ name: "deep/here", type: "2", linkname: "." }),
        entry({ name: "l", type: "2", linkname: "deep/here/../../x" }),
      ],
      refused: { l: "is a link that contains .. after a name" },
    },
    "a hard link to outside": {
      parts: [entry({ name: "passwd", type: "1", linkname: "/etc/passwd" })],
      refused: { passwd: "is a hard link to a file that was not received" },
    },
    "a hard link to an existing file": {
      parts: [entry({ name: "stolen", type: "1", linkname: "mine" })],
      refused: { stolen: "is a hard link to a file that was not received" },
    },
    "devices and FIFOs": {
      parts: [
        entry({ name: "char", type: "3" }),
        entry({ name: "block", type: "4" }),
        entry({ name: "fifo", type: "6" }),
      ],
      refused: {
        char: "isn't a file, a folder or a link",
        block: "isn't a file, a folder or a link",
        fifo: "isn't a file, a folder or a link",
      },
    },
    "an unknown type": {
      parts: [entry({ name: "odd", type: "S" }, "content")],
      refused: { odd: "isn't a file, a folder or a link" },
    },
    "a name with a NUL": {
      parts: [pax({ path: "nul\0byte" }), entry({ name: "short" }, "x")],
      refused: { "nul\0byte": "has a control character in its name" },
    },
    "a name that is not UTF-8": {
      parts: [entry({ name: Buffer.from([0x61, 0xff, 0x62]) }, "x")],
      refused: { "a\uFFFDb": "has a name that is not UTF-8" },
    },
    "a name that is too long": {
      parts: [pax({ path: "n".repeat(300) }), entry({ name: "short" }, "x")],
      refused: { ["n".repeat(300)]: "has a name that is too long here" },
    },
    "files of git and VS Code": {
      parts: [
        ".git/hooks/pre-commit",
        ".GIT/config",
        "sub/.git",
        "a/.vscode/tasks.json",
        ".vsCode/x",
        ".g\u200Cit/x",
        "git~1/x",
      ].map((name) => entry({ name }, "x")),
      refused: Object.fromEntries(
        [
          ".git/hooks/pre-commit",
          ".GIT/config",
          "sub/.git",
          "a/.vscode/tasks.json",
          ".vsCode/x",
          ".g\u200Cit/x",
          "git~1/x",
        ].map((name) => [name, "belongs to git or VS Code, and no sandbox may change that"]),
      ),
    },
    "a link to nothing": {
      parts: [entry({ name: "empty", type: "2" })],
      refused: { empty: "is a link without a target" },
    },
  };

  for (const [what, { parts, refused }] of Object.entries(hostile))
    it(`refuses ${what}, and accepts the rest`, () => {
      const top = folder();
      const root = join(top, "root");
      build(root, { mine: { kind: "file", content: "mine" } });
      const outside = listTree(top).filter((line) => !line.startsWith('"root'));
      const result = unpack(root, [...parts, good]);
      assert.deepEqual(result.refused, refused);
      assert.deepEqual(result.end, { kind: "complete" });
      assert.equal(readFileSync(join(root, "good.txt"), "utf8"), "good");
      assert.equal(readFileSync(join(root, "mine"), "utf8"), "mine");
      assert.deepEqual(
        listTree(top).filter((line) => !line.startsWith('"root')),
        outside,
      );
      assert.ok(!existsSync(join(root, ".git")) && !existsSync(join(root, ".vscode")));
    });

  it("follows no link that is already here", () => {
    const outside = folder();
    const root = folder();
    symlinkSync(outside, join(root, "link"));
    const result = unpack(root, [
      entry({ name: "link/x" }, "x"),
      entry({ name: "deep", type: "2", linkname: "link/x" }),
      good,
    ]);
    assert.deepEqual(result.refused, {
      "link/x": "is behind the link link, which is not followed",
      deep: "is a link out of the folder",
    });
    assert.deepEqual(readdirSync(outside), []);
  });

  it("replaces a link with a file, not the link's target", () => {
    const outside = join(folder(), "precious");
    writeFileSync(outside, "precious");
    const root = folder();
    symlinkSync(outside, join(root, "a"));
    unpack(root, [entry({ name: "a" }, "new")]);
    assert.ok(lstatSync(join(root, "a")).isFile());
    assert.equal(readFileSync(outside, "utf8"), "precious");
  });

  it("makes links last, and only those that stay inside", () => {
    const root = folder();
    const { refused } = unpack(root, [
      entry({ name: "current", type: "2", linkname: "runs/1" }),
      entry({ name: "current/log" }, "not through the link"),
      entry({ name: "runs/1/log" }, "log"),
    ]);
    assert.deepEqual(Object.values(refused), []);
    // The folder was first, so the link is put next to it.
    assert.equal(readFileSync(join(root, "current/log"), "utf8"), "not through the link");
    assert.equal(readFileSync(join(root, "current (sandbox copy)/log"), "utf8"), "log");
  });

  it("turns a second name of a file into a copy", () => {
    const root = folder();
    unpack(root, [entry({ name: "./one" }, "same"), entry({ name: "./two", type: "1", linkname: "./one" })]);
    assert.equal(readFileSync(join(root, "two"), "utf8"), "same");
    assert.equal(lstatSync(join(root, "two")).nlink, 1);
  });

  it("accepts only what was requested", () => {
    const root = folder();
    const { refused } = unpack(root, [good, entry({ name: "extra" }, "x")], { wanted: ["good.txt"] });
    assert.deepEqual(refused, { extra: "was not requested" });
    assert.deepEqual(readdirSync(root), ["good.txt"]);
  });

  it("refuses the second of two names that are the same on this file system", () => {
    const root = folder();
    const parts = [
      entry({ name: "Read/Me" }, "1"),
      entry({ name: "read/other" }, "2"),
      entry({ name: "Read/ME" }, "3"),
      good,
    ];
    const { refused } = unpack(root, parts, { rules: { isWindows: false, foldsCase: true } });
    assert.deepEqual(refused, {
      "read/other": "differs from Read only in spelling",
      "Read/ME": "differs from Read/Me only in spelling",
    });
  });

  it("refuses ten gigabytes of zeros without keeping them, and accepts what comes before", function () {
    this.timeout(20_000);
    const root = folder();
    const size = 10_000_000_000 - (10_000_000_000 % 512);
    const rawSize = Buffer.alloc(12);
    rawSize[0] = 0x80;
    rawSize.writeUInt32BE(Math.floor(size / 2 ** 32), 4);
    rawSize.writeUInt32BE(size % 2 ** 32, 8);
    const zeros = Buffer.alloc(MB);
    function* bomb() {
      yield Buffer.concat([good, header({ name: "bomb", rawSize })]);
      for (let sent = 0; sent < size; sent += zeros.length) yield zeros;
    }
    const { end, refused } = unpackStream(root, bomb(), { limits: { streamBytes: 500 * MB } });
    assert.deepEqual(refused, { bomb: "exceeds the size limit" });
    assert.equal(end.kind, "tooMuch");
    assert.deepEqual(readdirSync(root), ["good.txt"]);
  });

  it("refuses the files that exceed the agreed size, and accepts small ones after them", () => {
    const root = folder();
    const parts = [entry({ name: "big" }, Buffer.alloc(2 * MB)), good];
    const { refused, end } = unpack(root, parts, { limits: { bytes: MB } });
    assert.deepEqual(refused, { big: "exceeds the size limit" });
    assert.deepEqual(end, { kind: "complete" });
    assert.deepEqual(readdirSync(root), ["good.txt"]);
  });

  it("stops writing at the agreed number of entries, and remembers at most a thousand others", function () {
    this.timeout(60_000);
    const root = folder();
    const thousand = Buffer.concat(Array.from({ length: 1000 }, (_, n) => header({ name: `f${n}` })));
    function* many() {
      for (let round = 0; round < 200; round += 1) yield thousand;
      yield END;
    }
    const result = unpackStream(root, many(), { limits: { entries: 50 } });
    assert.equal(readdirSync(root).length, 50);
    assert.equal(result.refusedCount, 199_950);
    assert.ok(Object.keys(result.refused).length <= 1000);
  });

  it("leaves out an entry with a pax header of a gigabyte, and accepts the rest", function () {
    this.timeout(20_000);
    const root = folder();
    const zeros = Buffer.alloc(MB);
    const size = 1_073_741_824;
    function* stream() {
      yield header({ name: "pax", type: "x", size });
      for (let sent = 0; sent < size; sent += zeros.length)
        yield zeros.subarray(0, Math.min(zeros.length, size - sent));
      yield entry({ name: "its-own" }, "x");
      yield Buffer.concat([good, END]);
    }
    const { refused, end } = unpackStream(root, stream());
    assert.deepEqual(refused, { "an entry": "has a header of 1073741824 bytes" });
    assert.deepEqual(end, { kind: "complete" });
    assert.deepEqual(readdirSync(root), ["good.txt"]);
  });

  const lying: Record<string, Buffer[]> = {
    "a size that is too big": [header({ name: "liar", size: 5000 }), padded(Buffer.from("short"))],
    "a size that is too small": [header({ name: "liar", size: 10 }), Buffer.alloc(2048, "not a header")],
    "a negative size": [header({ name: "liar", rawSize: Buffer.alloc(12, 0xff) }), Buffer.alloc(512)],
    "a size that isn't a number": [header({ name: "liar", rawSize: Buffer.from("zzzzzzzzzzzz") }), Buffer.alloc(512)],
    "a pax size that isn't a number": [pax({ size: "-7" }), header({ name: "liar" })],
    "an invalid pax record": [entry({ name: "pax", type: "x" }, "1\t".repeat(50_000)), header({ name: "liar" })],
    "a wrong checksum": [Buffer.from(header({ name: "liar" })).fill("x", 0, 4), Buffer.alloc(512)],
  };
  for (const [what, parts] of Object.entries(lying))
    it(`ends at a header with ${what}, and keeps what came before`, () => {
      const root = folder();
      const { end } = unpackStream(root, [Buffer.concat([good, ...parts])]);
      assert.ok(end.kind === "damaged" || end.kind === "cut", JSON.stringify(end));
      assert.deepEqual(
        readdirSync(root).filter((name) => name !== "liar"),
        ["good.txt"],
      );
      if (existsSync(join(root, "liar"))) assert.equal(readFileSync(join(root, "liar"), "utf8").length, 10);
    });

  it("ends, and writes nothing outside the folder, whatever bytes of an archive are changed", function () {
    this.timeout(60_000);
    const source = build(folder(), { ...nasty, ["long/".repeat(60) + "name"]: { kind: "file" } });
    const archives = ["gnu", "posix"].map(
      (format) => spawnSync("tar", ["-c", `--format=${format}`, "-C", source, "."], { maxBuffer: 1e9 }).stdout,
    );
    const next = random(17);
    for (let round = 0; round < 60; round += 1) {
      const archive = Buffer.from(archives[round % 2] ?? []);
      for (let count = 0; count < 1 + round / 2; count += 1) {
        // Most of them in headers, with a checksum that is right again.
        const at = Math.floor((next() * archive.length) / 512) * 512;
        archive[at + Math.floor(next() ** 2 * 512)] = Math.floor(next() * 256);
        if (archive.toString("latin1", at + 257, at + 262) === "ustar") sign(archive.subarray(at, at + 512));
      }
      const top = folder();
      mkdirSync(join(top, "root"));
      unpackStream(join(top, "root"), [archive]);
      assert.deepEqual(readdirSync(top), ["root"]);
    }
  });

  it("leaves no partial file wherever the stream is cut", function () {
    this.timeout(60_000);
    const source = build(folder(), {
      "a/one": { kind: "file", content: Buffer.alloc(70_000, "1") },
      "a/two": { kind: "file", content: Buffer.alloc(1000, "2") },
      three: { kind: "file", content: Buffer.alloc(200_000, "3") },
    });
    const archive = spawnSync("tar", ["-c", "-C", source, "."]).stdout;
    const whole = new Set(listTree(source));
    const next = random(11);
    for (let round = 0; round < 200; round += 1) {
      const root = folder();
      const at = Math.floor(next() * archive.length);
      unpackStream(root, [archive.subarray(0, at)]);
      for (const line of listTree(root)) assert.ok(line.includes("directory") || whole.has(line), `${at}: ${line}`);
    }
  });

  it("keeps both files if one may not be replaced, and reports the copy", () => {
    const root = build(folder(), { "a.csv": { kind: "file", content: "mine" } });
    const first = unpack(root, [entry({ name: "a.csv" }, "theirs")], { mayReplace: false });
    assert.deepEqual(
      first.placed.map(({ placed }) => placed.kind === "copied" && placed.copy),
      ["a (sandbox copy).csv"],
    );
    unpack(root, [entry({ name: "a.csv" }, "theirs")], { mayReplace: false });
    unpack(root, [entry({ name: "a.csv" }, "theirs again")], { mayReplace: false });
    assert.deepEqual(readdirSync(root).sort(), ["a (sandbox copy 2).csv", "a (sandbox copy).csv", "a.csv"]);
    assert.equal(readFileSync(join(root, "a.csv"), "utf8"), "mine");
    assert.equal(readFileSync(join(root, "a (sandbox copy).csv"), "utf8"), "theirs");
  });

  it("reports a file in the place of a folder, and puts a file next to a folder with its name", () => {
    const root = build(folder(), { a: { kind: "file", content: "mine" } });
    mkdirSync(join(root, "b"));
    const { refused } = unpack(root, [entry({ name: "a/x" }, "x"), entry({ name: "b" }, "b")]);
    assert.deepEqual(refused, { "a/x": "cannot be written: a isn't a folder here" });
    assert.equal(readFileSync(join(root, "b (sandbox copy)"), "utf8"), "b");
  });

  it("reports a full disk, and leaves nothing of the file", function () {
    const root = folder();
    const unmount = mountTmpfs(this, "size=1m", root);
    try {
      const { refused } = unpack(root, [entry({ name: "big" }, Buffer.alloc(3 * MB)), good]);
      assert.deepEqual(refused, { big: "cannot be written: no space is left" });
      assert.deepEqual(readdirSync(root), ["good.txt"]);
    } finally {
      unmount();
    }
  });
});
