import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

import { describe, it } from "mocha";
import { extract } from "tar-stream";

import { skip } from "../../../support/skip";
import { TarWriter, type TarEntry } from "../../../../src/sync/archive/tarWriter";

describe("TarWriter", () => {
  const base = { type: "file", mode: 0o644, mtime: 1_700_000_000, size: 0 } as const;
  const lengths = Array.from({ length: 300 }, (_, n) => n + 1);
  const names = [
    ...lengths.map((length) => "x".repeat(length)),
    ...lengths.map((length) => `${"folder/".repeat(length)}file`.slice(-length - 1).replace(/^\//, "f")),
    ...lengths.map((length) => `${"é".repeat(length)}/ü`),
    ...[99, 100, 101, 153, 154, 155, 156].map((length) => `${"p".repeat(length)}/${"n".repeat(100)}`),
    `${"deep/".repeat(200)}end`,
  ];
  const entries: TarEntry[] = [
    ...names.map((name) => ({ ...base, name })),
    ...names.map((name) => ({ ...base, name, type: "directory" as const })),
    ...names.map((target, n) => ({ ...base, name: `link${n}`, type: "symlink" as const, target })),
    ...[-1_000_000, -1, 0, 2 ** 31, 2 ** 33 - 1, 2 ** 33, 10 ** 11].map((mtime) => ({
      ...base,
      name: `at ${mtime}`,
      mtime,
    })),
    ...[0, 0o400, 0o755, 0o7777].map((mode) => ({ ...base, name: `mode ${mode}`, mode })),
    ...[1, 511, 512, 513, 70_000].map((size) => ({ ...base, name: `of ${size} bytes`, size })),
  ];

  it("writes entries that tar-stream reads unchanged", async () => {
    assert.deepEqual(
      await read(write(entries)),
      entries.map(({ target = "", ...entry }) => ({ ...entry, target })),
    );
  });

  const listed = entries.map(({ name, type }) => (type === "directory" ? `${name}/` : name));

  it("writes names that tar lists unchanged", () => {
    assert.deepEqual(list("tar", ["--quoting-style=literal", "-tf", "-"], write(entries)), listed);
  });

  it("writes names that busybox lists unchanged", function () {
    if (spawnSync("busybox").error) skip(this, "needs busybox");
    assert.deepEqual(list("busybox", ["tar", "-tf", "-"], write(entries)), listed);
  });

  it("does not end an entry too early", () => {
    const tar = new TarWriter(() => undefined);
    tar.begin({ ...base, name: "short", size: 10 });
    tar.append(Buffer.alloc(9));

    assert.throws(() => tar.begin({ ...base, name: "next" }), /lacks 1 bytes/);
    assert.throws(() => tar.append(Buffer.alloc(2)), /longer/);
  });

  function write(all: readonly TarEntry[]): Buffer {
    const chunks: Buffer[] = [];
    const tar = new TarWriter((bytes) => chunks.push(Buffer.from(bytes)));
    for (const entry of all) {
      tar.begin(entry);
      tar.append(Buffer.alloc(entry.size, entry.name));
    }
    tar.finish();
    return Buffer.concat(chunks);
  }

  async function read(archive: Buffer): Promise<Required<TarEntry>[]> {
    const found: Required<TarEntry>[] = [];
    const tar = extract();
    tar.end(archive);
    for await (const entry of tar) {
      const { name, type, mode, mtime, size, pax } = entry.header;
      for await (const chunk of entry) assert.ok((chunk as Buffer).length > 0);
      const seconds = Number((pax as Record<string, string> | null)?.mtime ?? mtime.getTime() / 1000);
      const plain = type === "directory" ? name.replace(/\/$/, "") : name;
      found.push({
        name: plain,
        type: type as TarEntry["type"],
        mode,
        mtime: seconds,
        size,
        target: targetOf(entry.header),
      });
    }
    return found;
  }

  function list(command: string, args: string[], archive: Buffer): string[] {
    const { stdout } = spawnSync(command, args, {
      input: archive,
      maxBuffer: 1e8,
      env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8" },
    });
    return stdout.toString().trimEnd().split("\n");
  }
});

/** The typings of tar-stream say that there is always one. */
const targetOf = (header: { readonly linkname: string | null }): string => header.linkname ?? "";
